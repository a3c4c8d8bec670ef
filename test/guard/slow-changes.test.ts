import { afterAll, describe, expect, test } from 'vitest'
import { mutantFolder, mutatedFiles, plant } from '../mutations/mutant.ts'
import { deviations } from './compare.ts'
import { exactRules } from './exact-rules.ts'
import { exactTableFile, measureExactWork } from './exact-work.ts'
import { slowChanges } from './slow-changes.ts'
import { readTable } from './table.ts'

/** Each takes a second or two, as it runs a copy of the sources: `GUARD=all` plants every one. */
const planted = process.env['GUARD'] === 'all' ? slowChanges : slowChanges.slice(0, 3)

describe('work guard: it can fail', () => {
  const { folder, remove } = mutantFolder()
  afterAll(remove)

  test.each(slowChanges)('$name -> fits the sources', (change) => {
    expect(mutatedFiles(change).size).toBe(change.edits.length)
  })

  test.each(planted)('$name -> shows in $noticedBy', async (change) => {
    const source = plant(`${folder}/${change.name}`, [change])
    const found = await measureExactWork({ source, loads: [change.load] })
    const table = new Map([...readTable(exactTableFile)].filter(([load]) => load === change.load.name))
    const moved = deviations(table, found, exactRules).map(({ figure }) => figure)
    expect(moved).toEqual(expect.arrayContaining([...change.noticedBy]))
  })
})
