import { expect, inject, test } from 'vitest'
import { describe, deviations } from './compare.ts'
import { processRules } from './process-rules.ts'
import { processTableFile as file, measureProcessWork } from './process-work.ts'
import { readTable, writeTable } from './table.ts'

// Linux counts the system calls of a process.
test.skipIf(process.platform !== 'linux')(
  'work guard: fixed loads on three real servers -> memory and system calls per operation are no more than in the table',
  async () => {
    expect(inject('buildFault')).toBeNull()
    const found = await measureProcessWork()
    if (process.env['GUARD'] === 'update') writeTable(file, found)
    const moved = deviations(readTable(file), found, processRules)
    const wayOut =
      'Look for a slow change. If the work is wanted, let the table follow, and say in the commit why:\n' +
      '  GUARD=update npx vitest run test/guard/process-work.test.ts'
    expect(describe(moved, processRules, 'per 1,000 operations', wayOut)).toBe('')
  },
  120_000,
)
