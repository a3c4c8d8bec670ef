import { expect, test } from 'vitest'
import { describe, deviations } from './compare.ts'
import { exactRules } from './exact-rules.ts'
import { exactTableFile as file, measureExactWork } from './exact-work.ts'
import { readTable, writeTable } from './table.ts'

test('work guard: fixed loads in a simulated ensemble -> frames, bytes, syncs and objects per operation are as in the table', async () => {
  const found = await measureExactWork()
  if (process.env['GUARD'] === 'update') writeTable(file, found)
  const moved = deviations(readTable(file), found, exactRules)
  const wayOut =
    'More work than before is a slow change: look for it. If the work is wanted, or is less than it was, let the table follow:\n' +
    '  GUARD=update npx vitest run test/guard/exact-work.test.ts\n' +
    'and say in the commit why.'
  expect(describe(moved, exactRules, 'per 1,000 operations', wayOut)).toBe('')
})
