/** What `zk-ensemble` was asked to do. */
export interface EnsembleArguments {
  readonly configFile: string
  /** Null for all. */
  readonly servers: readonly number[] | null
  readonly restart: boolean
  readonly quiet: boolean
}

export type EnsembleArgumentsOutcome =
  | { readonly kind: 'run'; readonly values: EnsembleArguments }
  | { readonly kind: 'print'; readonly text: string; readonly exitCode: number }

/** Reads the command line of `zk-ensemble`. yargs, which takes long to load, is left out of the plainest form. */
export async function readEnsembleArguments(
  argv: readonly string[],
  version: string,
): Promise<EnsembleArgumentsOutcome> {
  const [first] = argv
  if (argv.length === 1 && first !== undefined && !first.startsWith('-')) {
    return { kind: 'run', values: { configFile: first, servers: null, restart: true, quiet: false } }
  }
  const { default: yargs } = await import('yargs')
  let printed = ''
  let fault: string | null = null
  const parser = yargs([...argv])
    .scriptName('zk-ensemble')
    .usage(
      '$0 <config> [options]\n\nRuns all servers of a configuration on this machine, until SIGINT (Ctrl-C) or SIGTERM.',
    )
    .option('servers', {
      type: 'string',
      requiresArg: true,
      describe: 'ids of the servers to start, with commas between them; all when left out',
    })
    .option('restart', {
      type: 'boolean',
      default: true,
      describe: 'start a server again when it dies; --no-restart to let it lie',
    })
    .option('quiet', {
      type: 'boolean',
      default: false,
      describe: "show only the errors of the servers' own log lines",
    })
    .example('$0 config/three.txt', 'three servers, data in data/')
    .example('$0 five.txt --servers 1,2,3', 'some of them')
    .epilogue(
      'Exit codes: 0 all stopped when asked to, 1 a server ended otherwise, 2 wrong arguments or configuration.',
    )
    .version(version)
    .help()
    .strictOptions()
    .parserConfiguration({ 'parse-positional-numbers': false, 'duplicate-arguments-array': false })
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      fault ??= message ?? error?.message ?? 'wrong usage'
    })
  const values = await parser.parseAsync([...argv], {}, (_error, _values, output) => {
    printed = output
  })
  if (fault !== null) return usage(fault)
  if (printed !== '') return { kind: 'print', text: printed, exitCode: 0 }
  const [configFile, ...more] = values._.map(String)
  if (configFile === undefined || more.length > 0) {
    return usage(`found ${values._.length} arguments; expected one configuration file`)
  }
  const { servers: list } = values
  if (list !== undefined && !/^\d{1,3}(,\d{1,3})*$/.test(list)) {
    return usage(`found --servers ${list}; expected ids with commas between them, such as 1,2`)
  }
  const servers = list === undefined ? null : [...new Set(list.split(',').map(Number))]
  return { kind: 'run', values: { configFile, servers, restart: values.restart, quiet: values.quiet } }
}

function usage(fault: string): EnsembleArgumentsOutcome {
  return {
    kind: 'print',
    text: `zk-ensemble: ${fault}\nUsage: zk-ensemble <config>   (zk-ensemble --help tells more)`,
    exitCode: 2,
  }
}
