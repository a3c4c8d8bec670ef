/** One change of one source file. */
export interface Edit {
  /** Below `src/`. */
  readonly file: string
  /** Text that occurs there exactly once. */
  readonly find: string
  readonly replace: string
}

/** A known bug, planted on purpose: the simulator has to find it. */
export interface Mutation {
  readonly name: string
  /** What the bug is, and what becomes of it, in a sentence. */
  readonly breaks: string
  /** Rules of the checkers, and assertions of the servers, of which at least one is expected to tell. */
  readonly noticedBy: readonly string[]
  readonly edits: readonly Edit[]
}

/** How often a text occurs in another. */
export function occurrences(text: string, part: string): number {
  return text.split(part).length - 1
}

/** The source with the edit made. Throws when the text to be replaced does not occur exactly once. */
export function edited(source: string, { file, find, replace }: Edit): string {
  const found = occurrences(source, find)
  if (found !== 1) {
    throw new Error(
      `src/${file} has ${found} occurrences of the text to be replaced, expected 1. ` +
        `Way out: bring the list in test/mutations up to date with the source. The text:\n${find}`,
    )
  }
  return source.replace(find, () => replace)
}
