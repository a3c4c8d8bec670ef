import { describe, expect, test } from 'vitest'
import { HostList } from '../../src/client/host-list.ts'
import { seededRandom } from './fake-world.ts'

const three = ['a', 'b', 'c'].map((host) => ({ host, port: 1 }))

describe('host list', () => {
  test('every server once a round; the first round at once, then ever longer waits, at most a second', () => {
    const hosts = new HostList(three, seededRandom(7))
    const rounds = Array.from({ length: 12 }, () => [hosts.next(), hosts.next(), hosts.next()])
    for (const [index, round] of rounds.entries()) {
      expect(round.map(({ address }) => address.host).sort()).toEqual(['a', 'b', 'c'])
      expect(round.map((attempt) => attempt.round)).toEqual([index, index, index])
      expect(round[1]?.delayMs).toBe(0)
    }
    const waits = rounds.map(([first]) => first?.delayMs ?? -1)
    expect(waits[0]).toBe(0)
    expect(waits[1]).toBeGreaterThanOrEqual(25)
    expect(waits[4]).toBeGreaterThan(waits[1] ?? 0)
    expect(Math.max(...waits)).toBeLessThanOrEqual(1001)
  })

  test('after a success the next try is at once, with the server behind it', () => {
    const hosts = new HostList(three, seededRandom(7))
    for (let i = 0; i < 7; i++) hosts.next()
    const used = hosts.next().address.host
    hosts.succeeded()
    const next = hosts.next()
    expect(next.delayMs).toBe(0)
    expect(next.address.host).not.toBe(used)
  })

  test('different chance -> different first servers', () => {
    const firsts = new Set(
      Array.from(
        { length: 50 },
        (_unused, seed) => new HostList(three, seededRandom(seed)).next().address.host,
      ),
    )
    expect(firsts.size).toBe(3)
  })
})
