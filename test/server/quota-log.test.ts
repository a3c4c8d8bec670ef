import { describe, expect, test } from 'vitest'
import { type Log, silentLog } from '../../src/runtime/log.ts'
import { limits } from '../../src/server/limits.ts'
import { QuotaLog } from '../../src/server/quota-log.ts'
import type { QuotaExcess } from '../../src/tree/quota/quota-check.ts'
import { FakeTime } from './fake-world.ts'

const soft: QuotaExcess = { quota: '/a', of: 'nodes', usage: 6, limit: 5, isHard: false }

function start(enforced: boolean): { time: FakeTime; lines: string[]; quotaLog: QuotaLog } {
  const time = new FakeTime()
  const lines: string[] = []
  const log: Log = { ...silentLog, warn: (message) => lines.push(message) }
  return { time, lines, quotaLog: new QuotaLog(time, log, enforced) }
}

describe('the log of quotas', () => {
  test('an excess -> one line with path, usage, limit and remedy', () => {
    const { lines, quotaLog } = start(false)
    quotaLog.report(soft)
    expect(lines).toEqual([
      'a write makes 6 nodes of /a, beyond its soft limit of 5; it is done all the same. ' +
        'Delete what is not needed there, or raise count in /zookeeper/quota/a/zookeeper_limits.',
    ])
  })

  test.each([
    [true, 'it is refused'],
    [false, 'as enforceQuota is not set'],
  ])('a hard limit, enforced %s -> says so, and which figure to raise', (enforced, outcome) => {
    const { lines, quotaLog } = start(enforced)
    quotaLog.report({ ...soft, of: 'bytes', isHard: true })
    expect(lines[0]).toContain(outcome)
    expect(lines[0]).toContain('raise byteHardLimit')
  })

  test('the same again -> only after a while; others at once', () => {
    const { time, lines, quotaLog } = start(false)
    for (let i = 0; i < 1000; i++) quotaLog.report(soft)
    expect(lines).toHaveLength(1)
    quotaLog.report({ ...soft, of: 'bytes' })
    quotaLog.report({ ...soft, quota: '/b' })
    expect(lines).toHaveLength(3)
    time.pass(limits.quotaLogMs)
    quotaLog.report(soft)
    expect(lines).toHaveLength(4)
  })
})
