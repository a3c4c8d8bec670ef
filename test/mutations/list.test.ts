import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { mutantFolder, mutatedFiles, plant, root } from './mutant.ts'
import { edited, type Mutation } from './mutation.ts'
import { mutations } from './mutations.ts'

const filesOf = ({ edits }: Mutation): string[] => edits.map(({ file }) => file)

/** Bugs in different files are compiled together, in a copy of the sources for each group. */
function groupsByFile(): Mutation[][] {
  const groups: { files: Set<string>; bugs: Mutation[] }[] = []
  for (const mutation of mutations) {
    const files = filesOf(mutation)
    let group = groups.find((other) => !files.some((file) => other.files.has(file)))
    if (group === undefined) {
      group = { files: new Set(), bugs: [] }
      groups.push(group)
    }
    for (const file of files) group.files.add(file)
    group.bugs.push(mutation)
  }
  return groups.map(({ bugs }) => bugs)
}

const compilerConfig = (bugs: readonly Mutation[]): object => ({
  extends: join(root, 'tsconfig.json'),
  compilerOptions: { noUnusedLocals: false, noUnusedParameters: false, allowUnreachableCode: true },
  // With them, all that they import.
  include: bugs.flatMap(filesOf).map((file) => join('src', file)),
})
const compileTimeoutMs = 280_000

describe('mutations: an edit', () => {
  const edit = { file: 'a.ts', find: 'one', replace: 'two $& $1' }

  test('of a text that occurs once -> made, without special characters', () => {
    expect(edited('x one y', edit)).toBe('x two $& $1 y')
  })

  test('of a text that is gone, or is there twice -> refused, names file, count and text', () => {
    expect(() => edited('x', edit)).toThrow(/src\/a\.ts has 0 occurrences.*expected 1.*\n.*one/s)
    expect(() => edited('one one', edit)).toThrow('has 2 occurrences')
  })
})

describe('mutations: the list', () => {
  test('at least 25 bugs, each with a name of its own, a description and a checker', () => {
    expect(mutations.length).toBeGreaterThanOrEqual(25)
    expect(new Set(mutations.map(({ name }) => name)).size).toBe(mutations.length)
    for (const { name, breaks, noticedBy, edits } of mutations) {
      expect(name).toMatch(/^[a-z-]+$/)
      expect([breaks.length, noticedBy.length, edits.length], name).not.toContain(0)
    }
  })

  test.each(mutations)('$name: its texts occur exactly once in the sources', (mutation: Mutation) => {
    expect(mutatedFiles(mutation).size).toBeGreaterThan(0)
  })

  test(
    'every mutant -> still type-checks: what finds it is a run, not the compiler',
    () => {
      for (const bugs of groupsByFile()) {
        const { folder, remove } = mutantFolder()
        onTestFinished(remove)
        plant(folder, bugs)
        writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(compilerConfig(bugs)))
        const tsc = join(root, 'node_modules/.bin/tsc')
        const { status, stdout } = spawnSync(tsc, [], { cwd: folder, encoding: 'utf8' })
        expect([status, stdout]).toEqual([0, ''])
        remove()
      }
    },
    compileTimeoutMs,
  )
})
