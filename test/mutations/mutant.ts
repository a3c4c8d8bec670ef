import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { edited, type Mutation } from './mutation.ts'

export const root = join(import.meta.dirname, '../..')

const folders = new Set<string>()
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/**
 * A folder for mutated sources, inside the package: what they import is found from there. Git and the linter look away from
 * `data`. `remove` takes it away; so does the end of this process.
 */
export function mutantFolder(): { folder: string; remove: () => void } {
  mkdirSync(join(root, 'data'), { recursive: true })
  const folder = mkdtempSync(join(root, 'data/mutants-'))
  folders.add(folder)
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true })
    folders.delete(folder)
  }
  return { folder, remove }
}

/** The files that the mutation changes, with their new content. Throws when the list does not fit the sources. */
export function mutatedFiles(mutation: Mutation): Map<string, string> {
  const files = new Map<string, string>()
  for (const edit of mutation.edits) {
    const before = files.get(edit.file) ?? readFileSync(join(root, 'src', edit.file), 'utf8')
    try {
      files.set(edit.file, edited(before, edit))
    } catch (error) {
      throw new Error(`mutation ${mutation.name}: ${error instanceof Error ? error.message : error}`)
    }
  }
  return files
}

/** Writes a copy of all sources with the bugs in it, which change different files; returns its `src`. */
export function plant(folder: string, bugs: readonly Mutation[]): string {
  const source = join(folder, 'src')
  const changed = bugs.flatMap((mutation) => [...mutatedFiles(mutation)])
  cpSync(join(root, 'src'), source, { recursive: true })
  for (const [file, text] of changed) writeFileSync(join(source, file), text)
  return source
}
