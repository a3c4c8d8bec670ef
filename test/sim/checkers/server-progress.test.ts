import { describe, expect, it } from 'vitest'
import { ServerProgress } from '../../../src/sim/checkers/server-progress.ts'

const standing = (promisedEpoch: number, epoch: number, commitZxid: number, lastZxid = 100) => ({
  promisedEpoch,
  epoch,
  commitZxid,
  lastZxid,
})

function seen(...standings: ReturnType<typeof standing>[]): ServerProgress {
  const progress = new ServerProgress()
  progress.began(1)
  for (const each of standings) expect(progress.standsAt(1, each)).toBeNull()
  return progress
}

describe('server progress', () => {
  it('epochs and commit points that grow, an uncommitted end that is wiped -> nothing', () => {
    seen(
      standing(0, 0, 0, 0),
      standing(1, 0, 0),
      standing(1, 1, 50),
      standing(2, 1, 50, 60),
      standing(2, 2, 60, 60),
    )
  })

  it('a current epoch above the promised one -> found', () => {
    expect(seen().standsAt(1, standing(1, 2, 0))?.rule).toBe('promised >= current epoch')
  })

  it('a promise taken back -> found, also over a restart; another server has its own', () => {
    const progress = seen(standing(3, 2, 0))
    progress.began(2)
    expect(progress.standsAt(2, standing(2, 2, 0))).toBeNull()
    progress.began(1)
    expect(progress.standsAt(1, standing(2, 2, 0))).toEqual({
      rule: 'epochs never go back',
      problem: 'server 1: promised 2 and current 2 after 3 and 2',
    })
  })

  it('a current epoch taken back -> found', () => {
    expect(seen(standing(3, 3, 0)).standsAt(1, standing(3, 2, 0))?.rule).toBe('epochs never go back')
  })

  it('a history that ends before its commit point -> found', () => {
    expect(seen(standing(1, 1, 50)).standsAt(1, standing(1, 1, 50, 40))?.problem).toBe(
      'server 1: committed 0x32, its history ends at 0x28',
    )
  })

  it('a commit point that goes back -> found in one life; a restart may know of less', () => {
    expect(seen(standing(1, 1, 50)).standsAt(1, standing(1, 1, 49))?.rule).toBe('committed prefix')
    const restarted = seen(standing(1, 1, 50))
    restarted.began(1)
    expect(restarted.standsAt(1, standing(1, 1, 40))).toBeNull()
  })

  it('a wiped disk -> may know of nothing', () => {
    const progress = seen(standing(3, 3, 50))
    progress.forgot(1)
    progress.began(1)
    expect(progress.standsAt(1, standing(0, 0, 0, 0))).toBeNull()
  })
})
