import yargs from 'yargs'
import { parseConnectString, pathFault } from '../client/index.ts'

/** What the program was asked to do. */
export interface ShellOptions {
  /** A connect string, chroot included. */
  readonly servers: string
  /** An identity to prove before anything else; null when there is none. */
  readonly auth: { readonly scheme: string; readonly credential: string } | null
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
    .option('chroot', {
      type: 'string',
      requiresArg: true,
      describe: 'the znode that is to be "/" here; it need not exist yet: create -p / makes it',
    })
    .option('auth', {
      type: 'string',
      requiresArg: true,
      describe: 'an identity to prove, as scheme:credential, such as digest:user:password',
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
    .example('$0 --chroot /team ls', 'everything below /team')
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
  const { server, chroot, auth } = values
  try {
    parseConnectString(server)
  } catch (error) {
    return usage(`--server: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (chroot !== undefined) {
    if (server.includes('/')) {
      return usage(`--chroot ${chroot}: --server "${server}" names one already; give one of the two`)
    }
    const chrootFault = pathFault(chroot)
    if (chrootFault !== null)
      return usage(`--chroot: "${chroot}" ${chrootFault}; expected a path such as /app`)
  }
  const colon = auth?.indexOf(':') ?? -1
  if (auth !== undefined && colon < 1) {
    return usage('--auth: expected scheme:credential, such as digest:user:password')
  }
  return {
    kind: 'run',
    options: {
      servers: server + (chroot ?? ''),
      auth: auth === undefined ? null : { scheme: auth.slice(0, colon), credential: auth.slice(colon + 1) },
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
