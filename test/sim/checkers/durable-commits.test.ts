import { describe, expect, it } from 'vitest'
import { DurableCommits } from '../../../src/sim/checkers/durable-commits.ts'

describe('durable commits', () => {
  it('on a quorum when it takes effect, and later -> nothing', () => {
    const commits = new DurableCommits(3)
    expect(commits.held([])).toBeNull()
    expect(commits.committed(5, [1, 3])).toBeNull()
    expect(commits.held([1, 2, 3])).toBeNull()
    expect(commits.held([2, 3])).toBeNull()
    expect(commits.last).toBe(5)
  })

  it.each([
    [1, []],
    [3, [2]],
    [4, [1, 2]],
    [5, [1, 5]],
  ])('of %i disks only those of %j hold it -> found', (members, holders) => {
    expect(new DurableCommits(members).committed(5, holders)?.rule).toBe(
      'acknowledged means durable on a quorum',
    )
  })

  it('the message says what and where', () => {
    expect(new DurableCommits(3).committed(2 ** 32 + 5, [2])?.problem).toBe(
      '0x100000005 took effect when it was durable on the disks of servers 2 only, of 3',
    )
  })

  it('a disk loses it again -> found', () => {
    const commits = new DurableCommits(3)
    commits.committed(5, [1, 2])
    expect(commits.held([2])?.rule).toBe('no committed prefix truncated')
  })

  it('a disk that held it is lost by a fault -> counts on; for what it had not held it does not', () => {
    const commits = new DurableCommits(3)
    commits.committed(5, [1, 2])
    commits.damaged(1, 6)
    expect(commits.held([2])).toBeNull()
    expect(commits.committed(6, [2])).toBeNull()
    expect(commits.committed(7, [2])?.rule).toBe('acknowledged means durable on a quorum')
  })

  it('a lost disk that holds it again -> counts once', () => {
    const commits = new DurableCommits(5)
    commits.damaged(1, 9)
    expect(commits.committed(5, [1, 2])?.rule).toBe('acknowledged means durable on a quorum')
  })
})
