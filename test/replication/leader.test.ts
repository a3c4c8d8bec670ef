import { describe, expect, test } from 'vitest'
import { Leader } from '../../src/replication/leader.ts'
import type { LeaderEffect } from '../../src/replication/leader-effect.ts'
import { counterReserve } from '../../src/replication/limits.ts'
import type { Condition, FollowerMessage, LeaderMessage } from '../../src/replication/messages.ts'
import { counterMax, zxidOf } from '../../src/tree/zxid.ts'

const z = zxidOf
const ensembleId = 'a'.repeat(32)
type History = [currentEpoch: number, lastZxid: number]

/** Server 1 stands; what its followers say is said by hand. */
class Reign {
  readonly leader: Leader
  effects: LeaderEffect[] = []

  constructor(members = 3, options: { heldBytesMax?: number; promisedElsewhere?: number } = {}) {
    this.leader = new Leader({
      self: 1,
      members,
      newEnsembleId: () => ensembleId,
      promisedElsewhere: () => options.promisedElsewhere ?? 0,
      heldBytesMax: options.heldBytesMax ?? 1000,
    })
  }

  say(from: number, message: FollowerMessage): LeaderEffect[] {
    return this.take(this.leader.onMessage(from, message))
  }

  take(effects: LeaderEffect[]): LeaderEffect[] {
    this.effects = effects
    return effects
  }

  join(from: number, promisedEpoch = 1, condition: Condition = 'founded'): LeaderEffect[] {
    return this.say(from, {
      type: 'join',
      promisedEpoch,
      condition,
      ensembleId: condition === 'fresh' ? null : ensembleId,
    })
  }

  ackEpoch(from: number, [currentEpoch, lastZxid]: History = [1, z(1, 5)], counts = true): LeaderEffect[] {
    const summary: [number, number][] =
      lastZxid === 0 ? [] : [[Math.floor(lastZxid / 2 ** 32), lastZxid % 2 ** 32]]
    return this.say(from, {
      type: 'ackEpoch',
      epoch: this.leader.epoch,
      counts,
      currentEpoch,
      lastZxid,
      summary,
    })
  }

  /** Of the heartbeats that were just sent. */
  get round(): number {
    for (const effect of this.effects) {
      if (effect.kind === 'send' && effect.message.type === 'heartbeat' && 'round' in effect.message)
        return effect.message.round
    }
    throw new Error('no heartbeat was sent')
  }

  /** All of them joined, promised, and answered that they do. */
  discover(histories: Record<number, History>, condition: Condition = 'founded'): LeaderEffect[] {
    const servers = Object.keys(histories).map(Number)
    for (const server of servers) this.join(server, 1, condition)
    for (const server of servers) this.ackEpoch(server, histories[server])
    // The rounds that were asked for are the first ones.
    return servers.flatMap((server) =>
      this.say(server, { type: 'heartbeatAck', round: this.#rounds(servers.length) }),
    )
  }

  #rounds(servers: number): number {
    return servers
  }

  /** Established with these, all with the history up to 1.5. */
  establish(...servers: number[]): this {
    this.discover(Object.fromEntries([1, ...servers].map((server) => [server, [1, z(1, 5)]])))
    for (const server of servers) this.take(this.leader.onHistorySent(server, z(1, 5)))
    for (const server of [1, ...servers])
      this.say(server, { type: 'ackLeader', epoch: this.leader.epoch, zxid: z(1, 5) })
    expect(this.leader.phase).toBe('broadcast')
    return this
  }

  propose(zxid: number, bytes = 10): LeaderEffect[] {
    return this.take(this.leader.onProposals(Buffer.alloc(bytes), zxid))
  }

  ack(zxid: number, ...from: number[]): void {
    for (const server of from) this.say(server, { type: 'ack', zxid })
  }
}

const sent = (effects: readonly LeaderEffect[], type: LeaderMessage['type']): number[] =>
  effects
    .flatMap((effect) => (effect.kind === 'send' && effect.message.type === type ? effect.to : []))
    .sort()

const resigns = (effects: readonly LeaderEffect[]): string | null =>
  effects.flatMap((effect) => (effect.kind === 'resign' ? [effect.reason] : []))[0] ?? null

describe('leader: discovery (Zab, phase 1)', () => {
  test('a quorum with its own follower has joined -> an epoch above all promises, offered to all who joined', () => {
    const reign = new Reign(5, { promisedElsewhere: 6 })
    reign.join(2, 3)
    reign.join(3, 4)
    reign.join(4, 2)
    expect(sent(reign.effects, 'newEpoch')).toEqual([])
    expect(sent(reign.join(1, 1), 'newEpoch')).toEqual([1, 2, 3, 4])
    expect(reign.leader.epoch).toBe(7)
    expect(sent(reign.join(5, 1), 'newEpoch')).toEqual([5])
  })

  test('promises of a quorum, not yet confirmed -> no history is chosen', () => {
    const reign = new Reign()
    reign.join(1)
    reign.join(2)
    reign.ackEpoch(1)
    expect(sent(reign.ackEpoch(2), 'heartbeat')).toEqual([1, 2])
    expect(reign.leader.phase).toBe('discovery')
    reign.say(1, { type: 'heartbeatAck', round: 1 })
    expect(reign.leader.phase).toBe('discovery')
    reign.say(2, { type: 'heartbeatAck', round: 1 })
    expect(reign.leader.phase).toBe('synchronization')
  })

  test('a promised epoch of an earlier offer -> is ignored', () => {
    const reign = new Reign()
    reign.join(1)
    reign.join(2)
    reign.say(2, { type: 'ackEpoch', epoch: 1, counts: true, currentEpoch: 1, lastZxid: 0, summary: [] })
    reign.ackEpoch(1)
    reign.say(1, { type: 'heartbeatAck', round: 1 })
    reign.say(2, { type: 'heartbeatAck', round: 1 })
    expect(reign.leader.phase).toBe('discovery')
  })

  test('who joins has promised a later epoch to another -> resigns, as only a new reign can take it in', () => {
    const reign = new Reign().establish(2)
    expect(resigns(reign.join(3, 9))).toMatch('promised epoch 9')
    expect(reign.leader.onMessage(2, { type: 'sync', id: 1 })).toEqual([])
  })

  test('another holds the freshest history -> it is fetched, and taken over before anybody is synchronized', () => {
    const reign = new Reign()
    const effects = reign.discover({ 1: [1, z(1, 5)], 2: [1, z(1, 7)] })
    expect(effects).toContainEqual({ kind: 'send', to: [2], message: { type: 'fetch', summary: [[1, 5]] } })
    expect(reign.leader.phase).toBe('adopting')
    const piece: FollowerMessage = { type: 'historyRecords', bytes: Buffer.alloc(3), lastZxid: z(1, 7) }
    expect(reign.say(2, piece)).toEqual([{ kind: 'send', to: [1], message: piece }])
    expect(reign.say(3, piece)).toEqual([])
    reign.say(1, { type: 'adopted', lastZxid: z(1, 7) })
    expect(reign.leader.phase).toBe('synchronization')
    expect(reign.effects).toContainEqual(
      expect.objectContaining({ kind: 'sendHistory', to: 2, upTo: z(1, 7) }),
    )
    expect(sent(reign.effects, 'newLeader')).toEqual([1])
  })

  test('the source of the history leaves meanwhile -> resigns', () => {
    const reign = new Reign()
    reign.discover({ 1: [1, z(1, 5)], 2: [1, z(1, 7)] })
    expect(resigns(reign.take(reign.leader.onGone(2)))).toMatch('server 2 left')
  })

  test('a later current epoch beats more transactions of an earlier one', () => {
    const reign = new Reign()
    reign.discover({ 1: [1, z(1, 50)], 2: [2, z(1, 3)] })
    expect(reign.leader.phase).toBe('adopting')
  })

  test('its own disk is empty and a member of a founded ensemble joins -> resigns', () => {
    const reign = new Reign()
    reign.join(1, 0, 'fresh')
    expect(resigns(reign.join(2, 3, 'founded'))).not.toBeNull()
  })

  test('fresh servers have chosen, then a founded one joins -> resigns', () => {
    const reign = new Reign()
    reign.discover({ 1: [0, 0], 2: [0, 0] }, 'fresh')
    expect(reign.leader.phase).toBe('synchronization')
    expect(resigns(reign.join(3, 1, 'founded'))).not.toBeNull()
  })

  test('those who remember have chosen, then a founded one joins -> goes on', () => {
    const reign = new Reign()
    reign.discover({ 1: [1, 0], 2: [1, 0] }, 'provisional')
    expect(reign.leader.phase).toBe('synchronization')
    expect(resigns(reign.join(3, 1, 'founded'))).toBeNull()
  })

  test('a founding -> waits until the next heartbeat for those who are about to promise', () => {
    const reign = new Reign()
    for (const server of [1, 2, 3]) reign.join(server, 0, 'fresh')
    reign.ackEpoch(1, [0, 0])
    reign.ackEpoch(2, [0, 0])
    for (const server of [1, 2]) reign.say(server, { type: 'heartbeatAck', round: 1 })
    expect(reign.leader.phase).toBe('discovery')
    const effects = reign.take(reign.leader.onHeartbeat())
    expect(reign.leader.phase).toBe('synchronization')
    const told = effects.flatMap((effect) =>
      effect.kind === 'send' && effect.message.type === 'newLeader' ? [effect.message] : [],
    )
    expect(told).toMatchObject([{ ensembleId, founded: false, counted: true }])
  })
})

describe('leader: synchronization (Zab, phase 2)', () => {
  test('a quorum holds the history -> established, committed as a whole; not before', () => {
    const reign = new Reign(5)
    const own: History = [1, z(1, 5)]
    reign.discover({ 1: own, 2: own, 3: own })
    for (const server of [2, 3]) reign.take(reign.leader.onHistorySent(server, z(1, 5)))
    reign.say(1, { type: 'ackLeader', epoch: 2, zxid: z(1, 5) })
    reign.say(2, { type: 'ackLeader', epoch: 2, zxid: z(1, 5) })
    expect(reign.leader.phase).toBe('synchronization')
    reign.say(3, { type: 'ackLeader', epoch: 2, zxid: z(1, 5) })
    expect(sent(reign.effects, 'established')).toEqual([1, 2, 3])
    expect(reign.effects).toContainEqual({ kind: 'reign', epoch: 2 })
    expect(reign.leader.commitZxid).toBe(z(1, 5))
  })

  test('a quorum without its own follower -> not established: this server’s part has yet to hold it', () => {
    const reign = new Reign()
    const own: History = [1, z(1, 5)]
    reign.discover({ 1: own, 2: own, 3: own })
    for (const server of [2, 3]) {
      reign.take(reign.leader.onHistorySent(server, z(1, 5)))
      reign.say(server, { type: 'ackLeader', epoch: 2, zxid: z(1, 5) })
    }
    expect(reign.leader.phase).toBe('synchronization')
  })

  test('an acknowledgement of another epoch, or before the history was sent -> does not count', () => {
    const reign = new Reign()
    reign.discover({ 1: [1, z(1, 5)], 2: [1, z(1, 5)] })
    reign.say(1, { type: 'ackLeader', epoch: 2, zxid: z(1, 5) })
    reign.say(2, { type: 'ackLeader', epoch: 2, zxid: z(1, 5) })
    reign.take(reign.leader.onHistorySent(2, z(1, 5)))
    reign.say(2, { type: 'ackLeader', epoch: 1, zxid: z(1, 5) })
    expect(reign.leader.phase).toBe('synchronization')
  })

  test('a late joiner while proposals flow -> gets its history, then what was proposed meanwhile, in order', () => {
    const reign = new Reign().establish(2)
    reign.join(3)
    reign.ackEpoch(3)
    expect(reign.effects).toContainEqual(
      expect.objectContaining({ kind: 'sendHistory', to: 3, upTo: z(1, 5) }),
    )
    reign.propose(z(2, 1))
    expect(sent(reign.effects, 'propose')).toEqual([1, 2])
    reign.propose(z(2, 2))
    const effects = reign.take(reign.leader.onHistorySent(3, z(1, 5)))
    expect(
      effects.map(
        (effect) =>
          effect.kind === 'send' && [
            effect.to,
            effect.message.type,
            'lastZxid' in effect.message && effect.message.lastZxid,
          ],
      ),
    ).toEqual([
      [[3], 'newLeader', z(1, 5)],
      [[3], 'propose', z(2, 1)],
      [[3], 'propose', z(2, 2)],
    ])
    reign.say(3, { type: 'ackLeader', epoch: 2, zxid: z(1, 5) })
    expect(sent(reign.effects, 'established')).toEqual([3])
    expect(sent(reign.propose(z(2, 3)), 'propose')).toEqual([1, 2, 3])
  })

  test('a late joiner for which too much would have to be held -> dropped', () => {
    const reign = new Reign(3, { heldBytesMax: 100 }).establish(2)
    reign.join(3)
    reign.ackEpoch(3)
    reign.propose(z(2, 1), 60)
    expect(reign.effects.some((effect) => effect.kind === 'drop')).toBe(false)
    expect(reign.propose(z(2, 2), 60)).toContainEqual(expect.objectContaining({ kind: 'drop', server: 3 }))
    expect(reign.take(reign.leader.onHistorySent(3, z(1, 5)))).toEqual([])
  })

  test('it comes back on a new link before its history was sent -> the old sending changes nothing', () => {
    const reign = new Reign().establish(2)
    reign.join(3)
    reign.ackEpoch(3)
    reign.take(reign.leader.onGone(3))
    reign.join(3)
    expect(reign.take(reign.leader.onHistorySent(3, z(1, 5)))).toEqual([])
  })
})

describe('leader: broadcast (Zab, phase 3)', () => {
  test('committed when a quorum has it, told once at the end of the turn, or with the next proposal', () => {
    const reign = new Reign(5).establish(2, 3)
    reign.propose(z(2, 1))
    reign.ack(z(2, 1), 1, 2)
    expect(reign.leader.commitZxid).toBe(z(1, 5))
    reign.ack(z(2, 1), 3)
    expect(reign.leader.commitZxid).toBe(z(2, 1))
    expect(sent(reign.take(reign.leader.flush()), 'commit')).toEqual([1, 2, 3])
    expect(reign.leader.flush()).toEqual([])
    reign.propose(z(2, 2))
    reign.ack(z(2, 2), 1, 2, 3)
    expect(reign.propose(z(2, 3))).toContainEqual(
      expect.objectContaining({ message: expect.objectContaining({ type: 'propose', commit: z(2, 2) }) }),
    )
    expect(reign.leader.flush()).toEqual([])
  })

  test('acknowledgements are cumulative, and one server’s count once', () => {
    const reign = new Reign().establish(2, 3)
    for (let counter = 1; counter <= 4; counter++) reign.propose(z(2, counter))
    reign.ack(z(2, 3), 2, 2)
    expect(reign.leader.commitZxid).toBe(z(1, 5))
    reign.ack(z(2, 2), 3)
    expect(reign.leader.commitZxid).toBe(z(2, 2))
    reign.ack(z(2, 1), 3)
    expect(reign.leader.commitZxid).toBe(z(2, 2))
  })

  test('a follower leaves -> what it acknowledged is not counted any more, and nothing is uncommitted', () => {
    const reign = new Reign().establish(2, 3)
    reign.propose(z(2, 1))
    reign.ack(z(2, 1), 2)
    reign.take(reign.leader.onGone(2))
    reign.ack(z(2, 1), 3)
    expect(reign.leader.commitZxid).toBe(z(1, 5))
    reign.ack(z(2, 1), 1)
    expect(reign.leader.commitZxid).toBe(z(2, 1))
    reign.take(reign.leader.onGone(3))
    expect(reign.leader.commitZxid).toBe(z(2, 1))
    expect(reign.leader.followers.isQuorum).toBe(false)
  })

  test('an acknowledgement of what was never proposed -> its link is dropped, nothing is committed', () => {
    const reign = new Reign().establish(2, 3)
    reign.propose(z(2, 1))
    expect(reign.say(2, { type: 'ack', zxid: z(2, 9) })).toEqual([
      expect.objectContaining({ kind: 'drop', server: 2 }),
    ])
    expect(reign.leader.commitZxid).toBe(z(1, 5))
  })

  test('its own follower leaves -> resigns', () => {
    expect(resigns(new Reign().establish(2).leader.onGone(1))).toMatch('its own follower')
  })

  test('the counters of the epoch come to their end -> resigns in time, for a new epoch', () => {
    const reign = new Reign().establish(2)
    expect(resigns(reign.propose(z(2, counterMax - counterReserve - 1)))).toBeNull()
    expect(resigns(reign.propose(z(2, counterMax - counterReserve)))).toMatch('used up')
  })

  test('a sync -> answered when a quorum has answered a round that began after it', () => {
    const reign = new Reign().establish(2, 3)
    reign.take(reign.leader.onHeartbeat())
    const early = reign.round
    reign.say(1, { type: 'heartbeatAck', round: early })
    reign.say(2, { type: 'heartbeatAck', round: early })
    reign.say(3, { type: 'sync', id: 7 })
    const { round } = reign
    expect(round).toBeGreaterThan(early)
    expect(reign.say(1, { type: 'heartbeatAck', round })).toEqual([])
    expect(reign.say(3, { type: 'heartbeatAck', round: early })).toEqual([])
    expect(reign.say(3, { type: 'heartbeatAck', round })).toEqual([{ kind: 'confirmed', server: 3, id: 7 }])
  })

  test('who only joined -> confirms nothing, as it is not bound to this reign', () => {
    const reign = new Reign(5).establish(2, 3)
    reign.join(4)
    reign.join(5)
    reign.take(reign.leader.onHeartbeat())
    const before = reign.round
    for (const server of [1, 2, 3]) reign.say(server, { type: 'heartbeatAck', round: before })
    reign.say(2, { type: 'sync', id: 7 })
    const { round } = reign
    for (const server of [1, 4, 5]) expect(reign.say(server, { type: 'heartbeatAck', round })).toEqual([])
    expect(reign.say(2, { type: 'heartbeatAck', round })).toEqual([])
    expect(reign.say(3, { type: 'heartbeatAck', round })).toEqual([{ kind: 'confirmed', server: 2, id: 7 }])
  })
})

describe('leader: handing the crown over', () => {
  test('everything is committed and the successor holds it -> handed over at once', () => {
    const reign = new Reign().establish(2, 3)
    const effects = reign.say(3, { type: 'crown' })
    expect(sent(effects, 'handOver')).toEqual([1, 2, 3])
    expect(effects.at(-1)).toMatchObject({ kind: 'resign', successor: 3 })
  })

  test('proposals in flight -> requests wait; the crown goes when all are committed and the successor knows it', () => {
    const reign = new Reign().establish(2, 3)
    reign.propose(z(2, 1))
    expect(reign.say(3, { type: 'crown' })).toEqual([])
    expect(reign.leader.takesRequests).toBe(false)
    reign.ack(z(2, 1), 1, 2)
    expect(sent(reign.effects, 'handOver')).toEqual([])
    reign.ack(z(2, 1), 3)
    const types = reign.effects.flatMap((effect) =>
      effect.kind === 'send' ? [effect.message.type] : [effect.kind],
    )
    expect(types).toEqual(['commit', 'handOver', 'resign'])
  })

  test('the successor leaves, or it takes too long -> goes on leading', () => {
    const reign = new Reign().establish(2, 3)
    reign.propose(z(2, 1))
    reign.say(3, { type: 'crown' })
    reign.take(reign.leader.onGone(3))
    expect(reign.leader.takesRequests).toBe(true)
    const other = new Reign().establish(2, 3)
    other.propose(z(2, 1))
    other.say(2, { type: 'crown' })
    other.leader.cancelHandOver()
    expect([other.leader.takesRequests, other.leader.handsOver]).toEqual([true, false])
  })

  test('asked for by a lower id, or by one that is not in step -> nothing happens', () => {
    const reign = new Reign().establish(2)
    reign.join(3)
    expect(reign.say(3, { type: 'crown' })).toEqual([])
    expect(reign.say(1, { type: 'crown' })).toEqual([])
    expect(reign.leader.takesRequests).toBe(true)
  })
})
