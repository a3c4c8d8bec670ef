import { parseArgs } from 'node:util'
import type { Client } from '../client/index.ts'
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
  readonly help: string
}

/** What a command works with. */
export interface CommandContext {
  readonly client: Client
  /** Absolute; `cd` changes it. */
  currentPath: string
  /** A person types, and goes on typing while watches report. */
  readonly interactive: boolean
  /** Fires when the person asks the command to stop. */
  readonly stop: AbortSignal
  /** Watches that go on in the background, by path; interactive only. */
  readonly watches: Map<string, { close(): void }>
  /** Everything from standard input, for data given as "-". */
  readStdin(): Promise<Buffer>
  /** Leaves the shell after this command. */
  quit(): void
}

export interface CommandArguments {
  readonly positionals: readonly string[]
  /** Whether a boolean flag was given. */
  has(flag: string): boolean
  /** The value of a flag that takes a number; undefined when it was not given. */
  count(flag: string): number | undefined
}

export interface Command {
  readonly name: string
  /** Its arguments, as in `[-e] [-s] <path> [data]`. */
  readonly usage: string
  readonly summary: string
  readonly examples: readonly string[]
  readonly flags: Readonly<Record<string, Flag>>
  readonly positionalsMin: number
  readonly positionalsMax: number
  /** Which positionals are paths of znodes, counted from 0. */
  readonly pathArguments: readonly number[]
  readonly commandArguments?: readonly number[]
  /** False for what can be answered without a server. */
  readonly needsServer: boolean
  run(context: CommandContext, args: CommandArguments, out: Output): Promise<void>
}

/** Every command takes it, so that it may stand at either end of a command line. */
export const jsonFlag: Flag = { type: 'boolean', help: 'print JSON, one object per result' }

/** @throws UsageError that says how the command is used */
export function parseArguments(command: Command, words: readonly string[]): CommandArguments {
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
  for (const [name, { countMin }] of Object.entries(command.flags)) {
    const text = values[name]
    if (countMin !== undefined && typeof text === 'string') counts.set(name, parseCount(text, name, countMin))
  }
  return {
    positionals,
    has: (flag) => values[flag] === true,
    count: (flag) => counts.get(flag),
  }
}

export function usageLine(command: Command): string {
  return command.usage === '' ? command.name : `${command.name} ${command.usage}`
}

function parseCount(text: string, what: string, min: number): number {
  const value = /^-?\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= min && value <= 0x7fffffff)) {
    throw new UsageError(`${what} "${text}" is not a whole number from ${min} to 2147483647`)
  }
  return value
}
