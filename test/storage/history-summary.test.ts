import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  commonPoint,
  type HistorySummary,
  invalidSummary,
  lastZxidOf,
  SummaryTracker,
} from '../../src/storage/history-summary.ts'
import { follows, type Zxid } from '../../src/tree/zxid.ts'
import { recordsOf, run, z } from './helpers.ts'

const summaryOf = (zxids: readonly Zxid[]): HistorySummary => {
  const tracker = new SummaryTracker()
  for (const zxid of zxids) tracker.extend(zxid)
  return tracker.summary
}

/** Histories that grow the way epochs make them: within an epoch everybody's transactions are the same ones. */
const history = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 4 })), { maxLength: 6 })
  .map((runs) => {
    const zxids: Zxid[] = []
    for (const [epoch, count] of runs)
      for (const zxid of run(epoch, 1, count)) if (follows(zxids.at(-1) ?? 0, zxid)) zxids.push(zxid)
    return zxids
  })

describe('history summary', () => {
  it('common point of any two histories -> the last zxid that both hold', () => {
    fc.assert(
      fc.property(history, history, (a, b) => {
        const both = a.filter((zxid) => b.includes(zxid))
        expect(commonPoint(summaryOf(a), summaryOf(b))).toBe(both.at(-1) ?? 0)
        expect(commonPoint(summaryOf(b), summaryOf(a))).toBe(both.at(-1) ?? 0)
      }),
    )
  })

  it('cut anywhere -> the summary of the part that is left', () => {
    fc.assert(
      fc.property(history, fc.nat(), (zxids, at) => {
        const kept = zxids.slice(0, at % (zxids.length + 1))
        const tracker = new SummaryTracker(summaryOf(zxids))
        expect(tracker.upTo(kept.at(-1) ?? 0)).toEqual(summaryOf(kept))
        tracker.truncate(kept.at(-1) ?? 0)
        expect(tracker.summary).toEqual(summaryOf(kept))
        for (const zxid of zxids) expect(tracker.holds(zxid)).toBe(kept.includes(zxid))
      }),
    )
  })

  it('extended by a run of records over several epochs -> every epoch is in it', () => {
    const zxids = [...run(1, 1, 3), ...run(4, 1, 2), ...run(5, 1, 1)]
    const tracker = new SummaryTracker()
    tracker.extendBy(recordsOf(zxids), z(5, 1))
    expect(tracker.summary).toEqual(summaryOf(zxids))
    tracker.extendBy(recordsOf(run(5, 2, 7)), z(5, 8))
    expect(lastZxidOf(tracker.summary)).toBe(z(5, 8))
  })

  it('not a summary -> says what is wrong with it', () => {
    expect(invalidSummary([{ epoch: 1, lastCounter: 2 }])).toBeNull()
    expect(invalidSummary([{ epoch: 1, lastCounter: 0 }])).toContain('counter 0')
    expect(invalidSummary([{ epoch: 2 ** 21, lastCounter: 1 }])).toContain('epoch')
    expect(
      invalidSummary([
        { epoch: 2, lastCounter: 1 },
        { epoch: 2, lastCounter: 1 },
      ]),
    ).toContain('behind epoch 2')
  })
})
