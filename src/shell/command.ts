import { parseArgs } from 'node:util'
import type { Address, Client } from '../client/index.ts'
import type { Output } from './output.ts'

/** The person wrote something that cannot be carried out; nothing was sent. */
export class UsageError extends Error {
  override name = 'UsageError'
}

export interface Flag {
  /** "string" flags take the word behind them. */
  readonly type: 'boolean' | 'string'
  /** The one-letter form, without the dash. */
  readonly short?: string
  /** Its value is a whole number, this or more. */
  readonly countMin?: number
  /** And no more than this. Default: 2147483647. */
  readonly countMax?: number
  readonly help: string
}

/** A watch that goes on in the background. */
export interface RunningWatch {
  readonly path: string
  readonly kind: 'watch' | 'persistent' | 'recursive'
  close(): void
}

/** What a command works with. */
export interface CommandContext {
  readonly client: Client
  /** As they were given. */
  readonly servers: readonly Address[]
  /** For what a command does with a server beside the session. */
  readonly timeoutMs: number
  /** Absolute; `cd` changes it. */
  currentPath: string
  /** A person types, and goes on typing while watches report. */
  readonly interactive: boolean
  /** Fires when the person asks the command to stop. */
  readonly stop: AbortSignal
  /** Interactive only. */
  readonly watches: Set<RunningWatch>
  /** Everything from standard input, for data given as "-". */
  readStdin(): Promise<Buffer>
  /**
   * Hands over the lines that follow the command, up to an empty one or the end. When `take` throws, the person is told at once,
   * and the rest of the block is read over: its lines were meant for the block, and none may be run as a command.
   */
  readBlock(take: (line: string) => void): Promise<void>
  /** Leaves the shell after this command. */
  quit(): void
}

export interface CommandArguments {
  readonly positionals: readonly string[]
  /** Whether a boolean flag was given. */
  has(flag: string): boolean
  /** The value of a flag that takes a number; undefined when it was not given. */
  count(flag: string): number | undefined
  /** The value of a flag that takes a word; undefined when it was not given. */
  text(flag: string): string | undefined
}

/** What can be written: a name, flags, and other words. */
export interface CommandShape {
  readonly name: string
  /** Its arguments, as in `[-e] [-s] <path> [data]`. */
  readonly usage: string
  readonly flags: Readonly<Record<string, Flag>>
  readonly positionalsMin: number
  readonly positionalsMax: number
  /** Which positionals are paths of znodes, counted from 0. */
  readonly pathArguments: readonly number[]
}

export interface Command extends CommandShape {
  /** Other names that it is found by. */
  readonly aliases?: readonly string[]
  readonly summary: string
  /** More to know, in lines. */
  readonly details?: readonly string[]
  readonly examples: readonly string[]
  readonly commandArguments?: readonly number[]
  /** Words that a positional may be, by its place. */
  readonly choices?: Readonly<Record<number, readonly string[]>>
  /** It is made of operations, which have flags of their own: all its words are positionals. */
  readonly operations?: readonly CommandShape[]
  /** False for what can be answered without a server. */
  readonly needsServer: boolean
  run(context: CommandContext, args: CommandArguments, out: Output): Promise<void>
}

/** Every command takes it, so that it may stand at either end of a command line. */
const jsonFlag: Flag = { type: 'boolean', help: 'print JSON, one object per result' }

/** @throws UsageError that says how the command is used */
export function parseArguments(
  command: CommandShape & Pick<Command, 'operations'>,
  words: readonly string[],
): CommandArguments {
  if (command.operations !== undefined) return operationWords(words)
  const options: Record<string, { type: 'boolean' | 'string'; short?: string }> = {
    json: { type: jsonFlag.type },
  }
  for (const [name, { type, short }] of Object.entries(command.flags)) {
    options[name] = short === undefined ? { type } : { type, short }
  }
  let parsed: { values: Record<string, string | boolean | undefined>; positionals: string[] }
  try {
    parsed = parseArgs({ args: [...words], options, allowPositionals: true, strict: true })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new UsageError(`${command.name}: ${reason} (usage: ${usageLine(command)})`)
  }
  const { values, positionals } = parsed
  if (positionals.length < command.positionalsMin || positionals.length > command.positionalsMax) {
    const { positionalsMin: min, positionalsMax: max } = command
    const expected = min === max ? `${min}` : `${min} to ${max}`
    const hint = positionals.length > max ? '; quote data that has spaces' : ''
    throw new UsageError(
      `${command.name}: ${positionals.length} arguments instead of ${expected}${hint} (usage: ${usageLine(command)})`,
    )
  }
  const counts = new Map<string, number>()
  for (const [name, { countMin, countMax = 0x7fffffff }] of Object.entries(command.flags)) {
    const text = values[name]
    if (countMin !== undefined && typeof text === 'string') {
      counts.set(name, parseCount(text, name, countMin, countMax))
    }
  }
  return {
    positionals,
    has: (flag) => values[flag] === true,
    count: (flag) => counts.get(flag),
    text: (flag) => {
      const value = values[flag]
      return typeof value === 'string' ? value : undefined
    },
  }
}

/** `--json` may stand at either end here too. */
function operationWords(words: readonly string[]): CommandArguments {
  const first = words[0] === '--json'
  const last = !first && words.at(-1) === '--json'
  return {
    positionals: words.slice(first ? 1 : 0, last ? -1 : undefined),
    has: (flag) => flag === 'json' && (first || last),
    count: () => undefined,
    text: () => undefined,
  }
}

export function usageLine(command: Pick<Command, 'name' | 'usage'>): string {
  return command.usage === '' ? command.name : `${command.name} ${command.usage}`
}

function parseCount(text: string, what: string, min: number, max: number): number {
  const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= min && value <= max)) {
    throw new UsageError(`${what} "${text}" is not a whole number from ${min} to ${max}`)
  }
  return value
}
