/** What `zkserver` was asked to do. */
export interface ServerArguments {
  readonly configFile: string
  /** Null: the file or `myid` tells. */
  readonly serverId: number | null
  readonly logFormat: 'text' | 'json'
  /** Only say whether the configuration can be used. */
  readonly check: boolean
}

/** What to do, or what to print and with which exit code to leave. */
export type ArgumentsOutcome =
  | { readonly kind: 'run'; readonly values: ServerArguments }
  | { readonly kind: 'print'; readonly text: string; readonly exitCode: number }

/**
 * Reads `zkserver [id] config`. The plain forms are read here; everything else, and everything wrong, is left to yargs,
 * whose loading takes longer than all else that a server does before it listens.
 */
export async function readArguments(argv: readonly string[], version: string): Promise<ArgumentsOutcome> {
  const [first, second] = argv
  if (first !== undefined && argv.every((argument) => !argument.startsWith('-'))) {
    const plain = { logFormat: 'text', check: false } as const
    if (argv.length === 1 && !/^\d+$/.test(first)) {
      return { kind: 'run', values: { ...plain, configFile: first, serverId: null } }
    }
    if (argv.length === 2 && second !== undefined && /^\d{1,3}$/.test(first)) {
      return { kind: 'run', values: { ...plain, configFile: second, serverId: Number(first) } }
    }
  }
  const { readWithYargs } = await import('./command-line.ts')
  return readWithYargs(argv, version)
}
