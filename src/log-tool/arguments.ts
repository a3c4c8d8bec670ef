import type { Argv } from 'yargs'

/** What `zk-log` was asked to do. */
export interface LogToolArguments {
  readonly command: 'dump' | 'verify' | 'tail'
  readonly path: string
  readonly json: boolean
  /** dump: list the nodes of snapshots. */
  readonly nodes: boolean
  /** tail: how many transactions to begin with. */
  readonly lines: number
  /** tail: wait for more. */
  readonly follow: boolean
}

export type LogToolOutcome =
  | { readonly kind: 'run'; readonly values: LogToolArguments }
  | { readonly kind: 'print'; readonly text: string; readonly exitCode: number }

const withPath = (program: Argv): Argv => program.positional('path', { type: 'string' })

const commands = ['dump', 'verify', 'tail'] as const

/** Reads the command line of `zk-log`. */
export async function readLogToolArguments(
  argv: readonly string[],
  version: string,
): Promise<LogToolOutcome> {
  const { default: yargs } = await import('yargs')
  let printed = ''
  let fault: string | null = null
  const parser = yargs([...argv])
    .scriptName('zk-log')
    .usage(
      '$0 <command> <path> [options]\n\nShows the files of a server, and checks them. It only reads, and may be used while the server runs.',
    )
    .command('dump <path>', 'everything in readable form: state, snapshots, log', withPath)
    .command('verify <path>', 'check every byte, and say what a start of the server would do', withPath)
    .command('tail <path>', 'the last transactions of the log', withPath)
    .option('json', { type: 'boolean', default: false, describe: 'one JSON object per line' })
    .option('nodes', { type: 'boolean', default: false, describe: 'dump: list the nodes of snapshots' })
    .option('n', {
      alias: 'lines',
      type: 'string',
      requiresArg: true,
      describe: 'tail: how many transactions to begin with  [default: 10]',
    })
    .option('f', {
      alias: 'follow',
      type: 'boolean',
      default: false,
      describe: 'tail: go on as the log grows, until Ctrl-C',
    })
    .example('$0 dump data/1', 'all of server 1')
    .example('$0 dump data/1/h-0001/log.100000001 | less', 'one file of its log')
    .example('$0 dump --nodes data/1/h-0001/snapshot.100000400', 'a snapshot with all its nodes')
    .example('$0 verify data/1', 'before a start, or after a crash')
    .example('$0 tail -n 100 -f data/1', 'watch what is written')
    .example('$0 dump --json data/1 | jq -c \'select(.path == "/app")\'', 'what happened to a node')
    .epilogue(
      'The path is a data directory of a server (data/1), a history folder in it (data/1/h-0001), or a file: log.*, snapshot.*, state.\n' +
        'Exit codes: 0 sound, 1 damaged, or a start would refuse, 2 wrong arguments or nothing to look at.',
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
  const words = [...values._.map(String), ...('path' in values ? [String(values['path'])] : [])]
  const [command, path] = words
  if (fault === null && printed !== '') return { kind: 'print', text: printed, exitCode: 0 }
  if (fault !== null && /unknown argument/i.test(fault)) return usage(fault)
  const known = commands.find((name) => name === command)
  if (known === undefined) {
    const found = command === undefined ? 'no command' : `command ${JSON.stringify(command)}`
    return usage(`found ${found}; expected ${commands.join(', ')}`)
  }
  if (fault !== null || path === undefined || words.length > 2) {
    return usage(
      path === undefined
        ? `found no path; expected one to ${known}`
        : (fault ?? `found ${words.length - 1} paths; expected one`),
    )
  }
  const lines = values.n ?? '10'
  if (!/^\d{1,9}$/.test(lines)) return usage(`found -n ${lines}; expected a number of transactions`)
  const { json, nodes, f: follow } = values
  return { kind: 'run', values: { command: known, path, json, nodes, lines: Number(lines), follow } }
}

function usage(fault: string): LogToolOutcome {
  return {
    kind: 'print',
    text: `zk-log: ${fault}\nUsage: zk-log <dump|verify|tail> <path>   (zk-log --help tells more)`,
    exitCode: 2,
  }
}
