import { expect, test } from 'vitest'
import type { Condition, PeerStatus } from '../../src/replication/messages.ts'
import { foundingPatienceMs, reasonNotToStand } from '../../src/replication/standing.ts'
import { statusOf } from './peer-status.ts'

function reason(options: {
  condition: Condition
  members?: number
  self?: number
  lastZxid?: number
  lookingForMs?: number
  peers: Partial<PeerStatus>[]
}): string | null {
  const members = options.members ?? 3
  return reasonNotToStand({
    self: options.self ?? members,
    condition: options.condition,
    lastZxid: options.lastZxid ?? 0,
    members,
    quorum: Math.floor(members / 2) + 1,
    peers: new Map(options.peers.map((peer, i) => [i + 1, statusOf(peer)])),
    lookingForMs: options.lookingForMs ?? 10_000,
  })
}

test('standing: a founded server with a quorum in sight -> stands; without one -> does not', () => {
  expect(reason({ condition: 'founded', peers: [{}] })).toBeNull()
  expect(reason({ condition: 'founded', peers: [] })).toMatch('it sees 1 of 3 servers')
  expect(reason({ condition: 'founded', members: 5, peers: [{}] })).toMatch('a quorum is 3')
})

test('standing: a fresh server beside a founded one -> does not; beside fresh ones -> does', () => {
  const fresh = { condition: 'fresh' } as const
  expect(reason({ condition: 'fresh', peers: [fresh, { condition: 'founded' }] })).toMatch(
    'data directory is empty',
  )
  expect(reason({ condition: 'fresh', peers: [fresh] })).toBeNull()
})

test('standing: a founding beside a higher id that is not ready -> waits a moment for it, as it would take over', () => {
  const ready = { condition: 'fresh', stands: true } as const
  const unready = { condition: 'fresh', stands: false } as const
  const lookingForMs = foundingPatienceMs - 1
  expect(reason({ condition: 'fresh', self: 0, peers: [ready, unready], lookingForMs })).toMatch('server 2')
  expect(reason({ condition: 'fresh', self: 0, peers: [ready, ready], lookingForMs })).toBeNull()
  expect(reason({ condition: 'fresh', self: 3, peers: [ready, unready], lookingForMs })).toBeNull()
  expect(reason({ condition: 'fresh', self: 0, peers: [ready, unready] })).toBeNull()
  expect(reason({ condition: 'founded', self: 0, peers: [ready, unready], lookingForMs })).toBeNull()
})

test('standing: a founding -> waits a moment for all servers, then takes a quorum', () => {
  const peers = [{ condition: 'fresh' } as const]
  expect(reason({ condition: 'fresh', peers, lookingForMs: foundingPatienceMs - 1 })).toMatch(
    'waits a moment',
  )
  expect(reason({ condition: 'fresh', peers, lookingForMs: foundingPatienceMs })).toBeNull()
  expect(reason({ condition: 'fresh', peers: [...peers, ...peers], lookingForMs: 0 })).toBeNull()
})

test('standing: an interrupted founding -> goes on with a quorum that remembers it, or with all servers', () => {
  const fresh = { condition: 'fresh' } as const
  const provisional = { condition: 'provisional' } as const
  expect(reason({ condition: 'provisional', peers: [fresh] })).toMatch('a founding was interrupted')
  expect(reason({ condition: 'fresh', peers: [provisional] })).toMatch('a founding was interrupted')
  expect(reason({ condition: 'provisional', peers: [provisional] })).toBeNull()
  expect(reason({ condition: 'provisional', peers: [fresh, fresh] })).toBeNull()
  expect(reason({ condition: 'provisional', peers: [{ condition: 'founded' }] })).toBeNull()
})

test('standing: behind the start of a peer’s log -> does not, as it would need a snapshot; at it -> does', () => {
  expect(reason({ condition: 'founded', lastZxid: 9, peers: [{ logStartZxid: 10 }] })).toMatch(
    'need a snapshot',
  )
  expect(reason({ condition: 'founded', lastZxid: 10, peers: [{ logStartZxid: 10 }] })).toBeNull()
})

test('standing: of servers that all see each other -> one at least is not too far behind any', () => {
  for (const histories of [
    [
      { logStartZxid: 0, lastZxid: 5 },
      { logStartZxid: 7, lastZxid: 9 },
      { logStartZxid: 9, lastZxid: 9 },
    ],
    [
      { logStartZxid: 4, lastZxid: 5 },
      { logStartZxid: 5, lastZxid: 6 },
      { logStartZxid: 6, lastZxid: 7 },
    ],
  ]) {
    const reasons = histories.map((own) =>
      reason({
        condition: 'founded',
        lastZxid: own.lastZxid,
        peers: histories.filter((other) => other !== own),
      }),
    )
    expect(reasons).toContain(null)
  }
})
