import { expect, test } from 'vitest'
import { quorumSize, reachedByQuorum } from '../../src/replication/quorum.ts'

/** Every list of the given length over 0, 1, 2 and 3. */
function* lists(length: number): Generator<number[]> {
  if (length === 0) yield []
  else for (const rest of lists(length - 1)) for (let value = 0; value < 4; value++) yield [value, ...rest]
}

test('quorum: any two quorums of the same members share one, and no smaller number does that', () => {
  for (let members = 1; members <= 9; members++) {
    expect(2 * quorumSize(members)).toBeGreaterThan(members)
    expect(2 * (quorumSize(members) - 1)).toBeLessThanOrEqual(members)
  }
})

test('reached by quorum: all small cases -> the highest value that enough have reached, as found by trying', () => {
  for (let members = 1; members <= 5; members++) {
    const quorum = quorumSize(members)
    for (let given = 0; given <= members; given++) {
      for (const values of lists(given)) {
        const reached =
          [3, 2, 1, 0].find((bar) => values.filter((value) => value >= bar).length >= quorum) ?? 0
        expect(reachedByQuorum(values, quorum)).toBe(reached)
      }
    }
  }
})

test('reached by quorum: the given list is left as it is', () => {
  const values = [1, 3, 2]
  reachedByQuorum(values, 2)
  expect(values).toEqual([1, 3, 2])
})
