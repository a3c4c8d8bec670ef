import { describe, expect, test } from 'vitest'
import { containerOwner, noOwner, ttlOwner } from '../../src/tree/owner.ts'
import { isOverdue } from '../../src/tree/reaping.ts'

const now = 1_000_000

describe('when a node is overdue', () => {
  test.each([
    ['a container whose children have gone, at once', containerOwner, 0, 0, 3, true],
    ['a container that counted so many children that the count is negative', containerOwner, 0, 0, -7, true],
    ['a container with a child, however old', containerOwner, now, 1, 1, false],
    ['a container never used, for as long as it may be', containerOwner, 300, 0, 0, false],
    ['a container never used, for longer', containerOwner, 301, 0, 0, true],
    ['a time to live, up to its end', ttlOwner(50), 50, 0, 9, false],
    ['a time to live, past its end', ttlOwner(50), 51, 0, 0, true],
    ['a time to live, past its end, with a child', ttlOwner(50), 51, 1, 1, false],
    ['a time to live, data set in the future of this clock', ttlOwner(1), -5000, 0, 0, false],
    ['a plain node', noOwner, now, 0, 5, false],
    ['a session’s node', 77, now, 0, 0, false],
  ])('%s', (_name, owner, idleMs, childCount, childCreations, expected) => {
    const node = { owner, mtime: now - idleMs, childCount, childCreations }
    expect(isOverdue(node, now, 300)).toBe(expected)
  })

  test('a container never used, without a bound -> never', () => {
    const node = { owner: containerOwner, mtime: 0, childCount: 0, childCreations: 0 }
    expect(isOverdue(node, Number.MAX_SAFE_INTEGER, 0)).toBe(false)
  })
})
