import yargs from 'yargs'
import { parseConnectString } from '../client/index.ts'

/** What the program was asked to do. */
export interface ShellOptions {
  readonly servers: string
  readonly json: boolean
  readonly timeoutMs: number
  readonly keepGoing: boolean
  /** The command given as arguments; empty when there is none. */
  readonly words: readonly string[]
}

/** Either what to do, or what to print and with which exit code to leave. */
export type OptionsOutcome =
  | { readonly kind: 'run'; readonly options: ShellOptions }
  | { readonly kind: 'print'; readonly text: string; readonly exitCode: number }

/**
 * Reads the arguments. Options of the shell stand before the command; what stands behind belongs to the command, which has
 * a `-s` of its own.
 */
export async function readOptions(argv: readonly string[], version: string): Promise<OptionsOutcome> {
  let printed = ''
  let fault: string | null = null
  const parser = yargs([...argv])
    .scriptName('zk-shell')
    .usage(
      '$0 [options]                        commands by hand, or from stdin\n$0 [options] <command> [arguments]  one command',
    )
    .option('server', {
      alias: 's',
      type: 'string',
      requiresArg: true,
      default: '127.0.0.1:2181',
      describe: 'servers to connect to, as host:port[,host:port...][/chroot]',
    })
    .option('json', { type: 'boolean', default: false, describe: 'print JSON, one object per result' })
    .option('timeout', {
      type: 'number',
      requiresArg: true,
      default: 5,
      describe: 'seconds to look for a server before giving up',
    })
    .option('keep-going', {
      type: 'boolean',
      default: false,
      describe: 'with commands from standard input: go on after one that failed',
    })
    .example('$0', 'commands by hand')
    .example('$0 -s a:2181,b:2181 create /app', 'one command')
    .example('$0 --json get /app', 'for programs')
    .example('$0 watch /app', 'follow a znode until Ctrl-C')
    .example('$0 < commands.txt', 'many; zk-shell help lists them')
    .epilogue('Exit codes: 0 done, 1 the command failed, 2 wrong usage, 3 no server could be reached.')
    .version(version)
    .help()
    .strictOptions()
    .parserConfiguration({
      'halt-at-non-option': true,
      'parse-positional-numbers': false,
      'duplicate-arguments-array': false,
    })
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      fault ??= message ?? error?.message ?? 'wrong usage'
    })
  const values = await parser.parseAsync([...argv], {}, (_error, _values, output) => {
    printed = output
  })
  if (fault !== null) return usage(fault)
  if (printed !== '') return { kind: 'print', text: printed, exitCode: 0 }
  const timeoutMs = values.timeout * 1000
  if (!(timeoutMs > 0 && timeoutMs <= 86_400_000)) {
    return usage(`--timeout: expected seconds above 0 and up to 86400, such as 2.5`)
  }
  try {
    parseConnectString(values.server)
  } catch (error) {
    return usage(`--server: ${error instanceof Error ? error.message : String(error)}`)
  }
  return {
    kind: 'run',
    options: {
      servers: values.server,
      json: values.json,
      timeoutMs,
      keepGoing: values.keepGoing,
      words: values._.map(String),
    },
  }
}

function usage(fault: string): OptionsOutcome {
  return { kind: 'print', text: `zk-shell: ${fault} (zk-shell --help tells more)`, exitCode: 2 }
}
