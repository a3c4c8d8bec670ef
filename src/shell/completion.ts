import { parseLine, quoteWord } from './parser.ts'
import { resolvePath } from './znode-path.ts'

/** What completion needs to know of a command. */
export interface CompletableCommand {
  readonly name: string
  /** Which positional arguments are paths, counted from 0. */
  readonly pathArguments: readonly number[]
  /** Which positional arguments are names of commands. */
  readonly commandArguments?: readonly number[]
  /** Words that a positional argument may be, by its place. */
  readonly choices?: Readonly<Record<number, readonly string[]>>
  /** It is made of these, with ";" between them. */
  readonly operations?: readonly CompletableCommand[] | undefined
  /** Its flags as they are typed, such as "-e" and "--ephemeral". */
  readonly flagWords: readonly string[]
  /** Those flags that take the word behind them. */
  readonly flagsWithValue: readonly string[]
}

/** The candidates, each a replacement for `typed`, the end of the line. It is what node:readline asks for. */
export type Completion = [candidates: string[], typed: string]

/**
 * What may stand at the end of a line: names of commands, their flags, or paths of znodes.
 *
 * @param line up to the cursor
 * @param listChildren names below an absolute path; empty when the node is missing or the server cannot be asked
 */
export async function complete(
  line: string,
  options: {
    currentPath: string
    commands: readonly CompletableCommand[]
    listChildren: (path: string) => Promise<readonly string[]>
  },
): Promise<Completion> {
  const { words } = parseLine(line)
  const last = words.at(-1)
  const atNewWord = last === undefined || last.end < line.length
  const typed = atNewWord ? '' : line.slice(last.start)
  const text = atNewWord ? '' : last.text
  const before = atNewWord ? words : words.slice(0, -1)

  const context = before.map((word) => word.text)
  return [await candidates(context, text, options.commands, options), typed]
}

/** @param before the words in front of the one that is typed */
async function candidates(
  before: readonly string[],
  text: string,
  commands: readonly CompletableCommand[],
  options: { currentPath: string; listChildren: (path: string) => Promise<readonly string[]> },
): Promise<string[]> {
  const commandName = before[0]?.toLowerCase()
  if (commandName === undefined) return commandNames(commands, text)
  const command = commands.find(({ name }) => name === commandName)
  if (command === undefined) return []
  if (command.operations !== undefined) {
    const operation = before.slice(Math.max(0, before.lastIndexOf(';')) + 1)
    return candidates(operation, text, command.operations, options)
  }
  if (text.startsWith('-')) return matching(command.flagWords, text)
  const position = positionalsIn(before.slice(1), command)
  if (position === null) return []
  if (command.commandArguments?.includes(position)) return commandNames(commands, text)
  const choices = command.choices?.[position]
  if (choices !== undefined) return matching(choices, text)
  if (!command.pathArguments.includes(position)) return []
  return completePath(text, options.currentPath, options.listChildren)
}

function matching(words: readonly string[], prefix: string): string[] {
  return words.filter((word) => word.startsWith(prefix)).map((word) => `${word} `)
}

/** How many positional arguments these words hold; null when the last one is a flag that wants a value. */
function positionalsIn(words: readonly string[], command: CompletableCommand): number | null {
  let positionals = 0
  let valueDue = false
  for (const word of words) {
    if (valueDue) valueDue = false
    else if (command.flagsWithValue.includes(word)) valueDue = true
    else if (!word.startsWith('-')) positionals++
  }
  return valueDue ? null : positionals
}

function commandNames(commands: readonly CompletableCommand[], prefix: string): string[] {
  return matching(commands.map(({ name }) => name).sort(), prefix.toLowerCase())
}

async function completePath(
  text: string,
  currentPath: string,
  listChildren: (path: string) => Promise<readonly string[]>,
): Promise<string[]> {
  const slash = text.lastIndexOf('/')
  const folderText = text.slice(0, slash + 1)
  const prefix = text.slice(slash + 1)
  const folder = resolvePath(currentPath, folderText)
  const names = (await listChildren(folder)).filter((name) => name.startsWith(prefix)).sort()
  const only = names.length === 1 ? names[0] : undefined
  if (only === undefined) return names.map((name) => quoteWord(folderText + name))
  // The one match is finished: the cursor goes on below it, or to the next word.
  const children = await listChildren(resolvePath(folder, only))
  return [`${quoteWord(folderText + only)}${children.length > 0 ? '/' : ' '}`]
}
