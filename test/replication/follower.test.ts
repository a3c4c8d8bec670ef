import { describe, expect, test } from 'vitest'
import { Follower, type FollowerEffect, type FollowerFacts } from '../../src/replication/follower.ts'
import { summaryEpochsMax } from '../../src/replication/message-schema.ts'
import type { LeaderMessage } from '../../src/replication/messages.ts'
import { zxidOf } from '../../src/tree/zxid.ts'
import { recordsOf, run } from '../storage/helpers.ts'
import { sampleMessages } from './sample-messages.ts'

const ensembleId = '0123456789abcdef0123456789abcdef'
const z = zxidOf

/** A member of an ensemble in epoch 4 that holds 1.1 to 1.3 and 4.1 to 4.2. */
const facts = (changes: Partial<FollowerFacts> = {}): FollowerFacts => ({
  leader: 3,
  promisedEpoch: 4,
  promisedTo: 2,
  currentEpoch: 4,
  ensembleId,
  condition: 'founded',
  lastZxid: z(4, 2),
  summary: [
    { epoch: 1, lastCounter: 3 },
    { epoch: 4, lastCounter: 2 },
  ],
  recovered: false,
  ...changes,
})

const lastOf = (changes: Partial<FollowerFacts>): number => changes.lastZxid ?? z(4, 2)

function at(
  stage: 'promised' | 'receiving' | 'acking' | 'following',
  changes: Partial<FollowerFacts> = {},
): Follower {
  const follower = new Follower(facts(changes))
  follower.start()
  follower.onMessage({ type: 'newEpoch', epoch: 5 })
  if (stage === 'promised') return follower
  follower.onMessage({ type: 'historyStart', full: false, common: lastOf(changes) })
  if (stage === 'receiving') return follower
  follower.onMessage(newLeader(lastOf(changes)))
  if (stage === 'acking') return follower
  follower.onMessage({ type: 'established', epoch: 5, commit: lastOf(changes), ensembleId })
  return follower
}

const newLeader = (lastZxid: number, changes: Partial<Extract<LeaderMessage, { type: 'newLeader' }>> = {}) =>
  ({ type: 'newLeader', epoch: 5, lastZxid, ensembleId, founded: true, counted: true, ...changes }) as const

const propose = (zxids: number[], commit = 0, lastZxid = zxids.at(-1) ?? 0) =>
  ({ type: 'propose', commit, lastZxid, records: recordsOf(zxids, commit) }) as const

const leaves = (effects: readonly FollowerEffect[]): string | null =>
  effects.length === 1 && effects[0]?.kind === 'leave' ? effects[0].reason : null

const kinds = (effects: readonly FollowerEffect[]): string[] => effects.map((effect) => effect.kind)

/** What is sent before anything is written. */
const sentAtOnce = (effects: readonly FollowerEffect[]) =>
  effects.flatMap((effect) => (effect.kind === 'send' ? [effect.message] : []))

const sentAfter = (effects: readonly FollowerEffect[]) =>
  effects.flatMap((effect) => ('after' in effect ? sentAtOnce(effect.after) : []))

describe('follower: promising an epoch (Zab, phase 1)', () => {
  test('an epoch above its promise -> is promised durably before it is told, with its history’s shape', () => {
    const follower = new Follower(facts())
    expect(follower.start()).toEqual([
      { kind: 'send', message: { type: 'join', promisedEpoch: 4, condition: 'founded', ensembleId } },
    ])
    const effects = follower.onMessage({ type: 'newEpoch', epoch: 5 })
    expect(sentAtOnce(effects)).toEqual([])
    expect(effects[0]).toMatchObject({ kind: 'saveState', changes: { promisedEpoch: 5, promisedTo: 3 } })
    expect(sentAfter(effects)).toEqual([
      {
        type: 'ackEpoch',
        epoch: 5,
        counts: true,
        currentEpoch: 4,
        lastZxid: z(4, 2),
        summary: [
          [1, 3],
          [4, 2],
        ],
      },
    ])
  })

  test('an epoch below its promise -> it leaves', () => {
    expect(
      leaves(new Follower(facts({ promisedEpoch: 6 })).onMessage({ type: 'newEpoch', epoch: 5 })),
    ).toMatch('below')
  })

  test('an epoch that it promised to another -> it takes part, but does not count', () => {
    const effects = new Follower(facts({ promisedEpoch: 5, promisedTo: 2 })).onMessage({
      type: 'newEpoch',
      epoch: 5,
    })
    expect(sentAtOnce(effects)).toMatchObject([{ type: 'ackEpoch', counts: false }])
  })

  test('an epoch that it promised to this very leader -> counts', () => {
    const effects = new Follower(facts({ promisedEpoch: 5, promisedTo: 3 })).onMessage({
      type: 'newEpoch',
      epoch: 5,
    })
    expect(sentAtOnce(effects)).toMatchObject([{ type: 'ackEpoch', counts: true }])
  })

  test('a history of very many epochs -> the last of them are told, as many as a frame takes', () => {
    const summary = Array.from({ length: summaryEpochsMax + 5 }, (_, i) => ({ epoch: i + 1, lastCounter: 1 }))
    const [ack] = sentAfter(
      new Follower(facts({ summary, promisedEpoch: 0 })).onMessage({ type: 'newEpoch', epoch: 5 }),
    )
    expect(ack?.type === 'ackEpoch' && [ack.summary.length, ack.summary[0]]).toEqual([
      summaryEpochsMax,
      [6, 1],
    ])
  })
})

describe('follower: taking over the history (Zab, phase 2)', () => {
  test('ahead of what both share -> what is behind it is wiped, then the missing is appended, then the epoch is taken', () => {
    const follower = at('promised')
    expect(follower.onMessage({ type: 'historyStart', full: false, common: z(4, 1) })).toEqual([
      { kind: 'truncate', to: z(4, 1) },
    ])
    const records = recordsOf(run(5, 1, 2))
    expect(follower.onMessage({ type: 'historyRecords', bytes: records, lastZxid: z(5, 2) })).toEqual([
      { kind: 'append', records, behind: z(4, 1), lastZxid: z(5, 2), proposal: false, after: [] },
    ])
    const effects = follower.onMessage(newLeader(z(5, 2)))
    expect(sentAtOnce(effects)).toEqual([])
    expect(effects[0]).toMatchObject({
      kind: 'saveState',
      changes: { currentEpoch: 5, ensembleId, founded: true },
    })
    expect(sentAfter(effects)).toEqual([{ type: 'ackLeader', epoch: 5, zxid: z(5, 2) }])
  })

  test('a common point that it does not hold -> it leaves, and wipes nothing', () => {
    for (const common of [z(4, 3), z(2, 1), z(5, 1)]) {
      expect(leaves(at('promised').onMessage({ type: 'historyStart', full: false, common }))).toMatch(
        'not in this server',
      )
    }
    expect(leaves(at('promised').onMessage({ type: 'historyStart', full: false, common: 0 }))).toBeNull()
  })

  test('a full replacement -> is built beside the old one, which it replaces together with the epoch', () => {
    const follower = at('promised')
    expect(kinds(follower.onMessage({ type: 'historyStart', full: true, common: z(2, 1) }))).toEqual([
      'startReplacement',
    ])
    expect(kinds(follower.onMessage({ type: 'historySnapshot', bytes: Buffer.from('x') }))).toEqual([
      'replacementSnapshot',
    ])
    const records = recordsOf([z(2, 2)])
    expect(kinds(follower.onMessage({ type: 'historyRecords', bytes: records, lastZxid: z(2, 2) }))).toEqual([
      'replacementRecords',
    ])
    const effects = follower.onMessage(newLeader(z(2, 2)))
    expect(effects[0]).toMatchObject({ kind: 'finishReplacement', changes: { currentEpoch: 5 } })
    expect(sentAtOnce(effects)).toEqual([])
    expect(sentAfter(effects)).toEqual([{ type: 'ackLeader', epoch: 5, zxid: z(2, 2) }])
  })

  test.each([
    ['records with a gap', { type: 'historyRecords', bytes: recordsOf([z(4, 4)]), lastZxid: z(4, 4) }],
    [
      'records that end elsewhere',
      { type: 'historyRecords', bytes: recordsOf([z(4, 3)]), lastZxid: z(4, 4) },
    ],
    [
      'a record with a wrong length',
      { type: 'historyRecords', bytes: withWrongLength(recordsOf([z(4, 3)])), lastZxid: z(4, 3) },
    ],
    [
      'half a record',
      { type: 'historyRecords', bytes: recordsOf([z(4, 3)]).subarray(0, 30), lastZxid: z(4, 3) },
    ],
    ['a piece of a snapshot', { type: 'historySnapshot', bytes: Buffer.from('x') }],
    ['a second start', { type: 'historyStart', full: true, common: 0 }],
    ['an end that has not come', { type: 'historyEnd', lastZxid: z(4, 3) }],
    ['a new leader of another history', newLeader(z(4, 3))],
    ['a new leader of another epoch', newLeader(z(4, 2), { epoch: 6 })],
    ['a proposal', propose([z(5, 1)])],
    ['a reign', { type: 'established', epoch: 5, commit: z(4, 2), ensembleId }],
    ['another epoch', { type: 'newEpoch', epoch: 6 }],
  ] as [string, LeaderMessage][])('while receiving, %s -> it leaves', (_name, message) => {
    expect(leaves(at('receiving').onMessage(message))).not.toBeNull()
  })

  test('the leader’s own follower: the freshest history has come in -> told when it is durable', () => {
    const follower = at('receiving', { leader: 1 })
    follower.onMessage({ type: 'historyRecords', bytes: recordsOf([z(4, 3)]), lastZxid: z(4, 3) })
    const effects = follower.onMessage({ type: 'historyEnd', lastZxid: z(4, 3) })
    expect(sentAtOnce(effects)).toEqual([])
    expect(sentAfter(effects)).toEqual([{ type: 'adopted', lastZxid: z(4, 3) }])
    expect(leaves(follower.onMessage(newLeader(z(4, 3))))).toBeNull()
  })
})

describe('follower: an empty disk (Viewstamped Replication, recovery)', () => {
  const empty = { condition: 'fresh', lastZxid: 0, summary: [], currentEpoch: 0, ensembleId: null } as const

  test('its promise was not counted and it has not asked the others -> it leaves', () => {
    const message = newLeader(0, { counted: false })
    expect(leaves(at('receiving', empty).onMessage(message))).toMatch('its disk is empty')
    expect(leaves(at('receiving', { ...empty, recovered: true }).onMessage(message))).toBeNull()
  })

  test('its promise was counted in a founding -> it takes part', () => {
    expect(leaves(at('receiving', empty).onMessage(newLeader(0, { founded: false })))).toBeNull()
  })
})

describe('follower: founding', () => {
  const empty = { condition: 'fresh', lastZxid: 0, summary: [], currentEpoch: 0, ensembleId: null } as const

  test('a proposal before it knows that the founding is done -> acknowledged only when it has written that down', () => {
    const follower = at('receiving', empty)
    const took = follower.onMessage(newLeader(0, { founded: false }))
    expect(took[0]).toMatchObject({ kind: 'saveState', changes: { founded: false, currentEpoch: 5 } })
    const proposed = follower.onMessage(propose([z(5, 1)]))
    expect(kinds(proposed)).toEqual(['append'])
    expect([...sentAtOnce(proposed), ...sentAfter(proposed)]).toEqual([])
    const established = follower.onMessage({ type: 'established', epoch: 5, commit: 0, ensembleId })
    expect(established[0]).toMatchObject({ kind: 'saveState', changes: { founded: true, ensembleId } })
    expect(sentAtOnce(established)).toEqual([])
    expect(sentAfter(established)).toEqual([{ type: 'ack', zxid: z(5, 1) }])
    expect(sentAfter(follower.onMessage(propose([z(5, 2)])))).toEqual([{ type: 'ack', zxid: z(5, 2) }])
  })
})

describe('follower: following (Zab, phase 3)', () => {
  test('a proposal -> appended as it came, acknowledged when durable; its commit point is taken', () => {
    const follower = at('following')
    const message = propose(run(5, 1, 3), z(4, 2))
    const effects = follower.onMessage(message)
    expect(effects[0]).toMatchObject({
      kind: 'append',
      records: message.records,
      behind: z(4, 2),
      lastZxid: z(5, 3),
      proposal: true,
    })
    expect(sentAtOnce(effects)).toEqual([])
    expect(sentAfter(effects)).toEqual([{ type: 'ack', zxid: z(5, 3) }])
    expect(effects[1]).toEqual({ kind: 'commit', zxid: z(4, 2) })
  })

  test('a proposal before the reign is established -> taken, and nothing is committed by it', () => {
    expect(kinds(at('acking').onMessage(propose([z(5, 1)], z(4, 2))))).toEqual(['append'])
    expect(at('acking').onMessage({ type: 'commit', zxid: z(4, 2) })).toEqual([])
  })

  test('a commit point beyond what it holds -> as far as it holds', () => {
    expect(at('following').onMessage({ type: 'commit', zxid: z(9, 9) })).toEqual([
      { kind: 'commit', zxid: z(4, 2) },
    ])
  })

  test.each([
    ['with a gap', propose([z(5, 2)])],
    ['twice', propose([z(4, 2)])],
    ['of an earlier epoch', propose([z(3, 1)])],
    ['that ends elsewhere', propose([z(5, 1)], 0, z(5, 2))],
    ['with a wrong length', { ...propose([z(5, 1)]), records: withWrongLength(recordsOf([z(5, 1)])) }],
  ] as [string, LeaderMessage][])('a proposal %s -> it leaves', (_name, message) => {
    expect(leaves(at('following').onMessage(message))).not.toBeNull()
  })

  test('a heartbeat -> answered, whatever the stage', () => {
    for (const stage of ['promised', 'receiving', 'acking', 'following'] as const) {
      expect(sentAtOnce(at(stage).onMessage({ type: 'heartbeat', round: 9 }))).toEqual([
        { type: 'heartbeatAck', round: 9 },
      ])
    }
  })

  test('a hand-over -> it leaves, and names the successor', () => {
    expect(at('following').onMessage({ type: 'handOver', successor: 5 })).toMatchObject([
      { kind: 'leave', successor: 5 },
    ])
  })

  test('messages that only followers and peers send -> it leaves, in any stage, and nothing follows', () => {
    const types = new Set([
      'join',
      'ackEpoch',
      'adopted',
      'ackLeader',
      'ack',
      'heartbeatAck',
      'requests',
      'sync',
      'crown',
      'election',
      'alive',
      'coordinator',
    ])
    const foreign = sampleMessages.filter((message) => types.has(message.type))
    expect(foreign).toHaveLength(types.size)
    for (const message of foreign) {
      const follower = at('following')
      expect(leaves(follower.onMessage(message as LeaderMessage))).toMatch(message.type)
      expect(follower.onMessage(propose([z(5, 1)]))).toEqual([])
    }
  })
})

function withWrongLength(records: Buffer): Buffer {
  const copy = Buffer.from(records)
  copy.writeUInt32BE(copy.readUInt32BE(0) + 1, 0)
  return copy
}
