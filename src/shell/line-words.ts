import { UsageError } from './command.ts'
import { parseLine } from './parser.ts'

/** The words of a line. @throws UsageError for a quote that is not closed */
export function wordsOf(line: string): string[] {
  const { words, fault } = parseLine(line)
  if (fault !== null) throw new UsageError(fault)
  return words.map(({ text }) => text)
}
