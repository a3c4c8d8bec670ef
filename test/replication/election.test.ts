import { describe, expect, test } from 'vitest'
import { Election, type ElectionEffect } from '../../src/replication/election.ts'
import type { PeerMessage, PeerStatus } from '../../src/replication/messages.ts'
import { SeededRandom } from '../../src/runtime/seeded-random.ts'
import { statusOf } from './peer-status.ts'

const timeouts = { aliveMs: 200, coordinatorMs: 500, followRetryMs: 200 }

function server(self: number, peers: Record<number, Partial<PeerStatus>>, stands = true) {
  const facts = {
    peers: new Map(Object.entries(peers).map(([id, status]) => [Number(id), statusOf(status)])),
    stands,
  }
  return { facts, election: new Election({ self, timeouts, facts: () => facts }) }
}

const kinds = (effects: readonly ElectionEffect[]): string[] =>
  effects.map((effect) =>
    effect.kind === 'send'
      ? `${effect.message.type} to ${effect.to}`
      : effect.kind === 'follow'
        ? `follow ${effect.leader}`
        : effect.kind,
  )

const leading: Partial<PeerStatus> = { state: 'leading', serving: true }

describe('election (Garcia-Molina 1982)', () => {
  test('no live server above that stands -> wins, and is announced once followers can join', () => {
    const { election } = server(3, { 1: {}, 2: {}, 4: { stands: false } })
    expect(kinds(election.onChange(0))).toEqual(['stand'])
    expect(election.onMessage(1, { type: 'election' }, 0)).toEqual(
      [{ kind: 'send', to: 1, message: { type: 'alive', stands: false } }].map((effect) => ({
        ...effect,
        message: { type: 'alive', stands: true },
      })),
    )
    expect(kinds(election.onOpen())).toEqual(['coordinator to 1', 'coordinator to 2', 'coordinator to 4'])
    expect(kinds(election.onMessage(1, { type: 'election' }, 0))).toEqual(['coordinator to 1'])
  })

  test('higher servers stand -> they are asked; all silent -> wins after the time they have', () => {
    const { election } = server(1, { 2: {}, 3: {} })
    expect(kinds(election.onChange(0))).toEqual(['election to 2', 'election to 3'])
    expect(kinds(election.onChange(199))).toEqual([])
    expect(kinds(election.onChange(200))).toEqual(['stand'])
  })

  test('all who were asked decline -> wins at once', () => {
    const { election } = server(1, { 2: {}, 3: {} })
    election.onChange(0)
    expect(kinds(election.onMessage(2, { type: 'alive', stands: false }, 1))).toEqual([])
    expect(kinds(election.onMessage(3, { type: 'alive', stands: false }, 1))).toEqual(['stand'])
  })

  test('who was asked dies -> is waited for no more', () => {
    const { election, facts } = server(1, { 2: {} })
    election.onChange(0)
    facts.peers.delete(2)
    expect(kinds(election.onChange(1))).toEqual(['stand'])
  })

  test('a higher one answers -> yields; if no winner comes out, it looks again', () => {
    const { election } = server(1, { 2: {} })
    election.onChange(0)
    election.onMessage(2, { type: 'alive', stands: true }, 10)
    expect(election.phase).toBe('yielding')
    expect(kinds(election.onChange(509))).toEqual([])
    expect(kinds(election.onChange(510))).toEqual(['election to 2'])
  })

  test('does not stand itself -> neither wins nor holds others up', () => {
    const { election } = server(3, { 1: {}, 2: {} }, false)
    expect(kinds(election.onChange(0))).toEqual([])
    expect(election.onMessage(1, { type: 'election' }, 0)).toEqual([
      { kind: 'send', to: 1, message: { type: 'alive', stands: false } },
    ])
  })

  test('a server reigns already -> it is followed, even by a higher one', () => {
    const { election } = server(3, { 1: leading, 2: { state: 'following', leader: 1, serving: true } })
    expect(kinds(election.onChange(0))).toEqual(['follow 1'])
  })

  test('in an established reign -> an asker is told who reigns, and announcements change nothing', () => {
    const { election } = server(1, { 2: leading, 3: {} })
    election.onChange(0)
    election.settle(2)
    expect(election.onMessage(3, { type: 'election' }, 0)).toEqual([
      { kind: 'send', to: 3, message: { type: 'coordinator', leader: 2, established: true } },
    ])
    expect(election.onMessage(3, { type: 'coordinator', leader: 3, established: false }, 0)).toEqual([])
    expect(election.onChange(10_000)).toEqual([])
  })

  test('a leader that is not live from here -> is not believed in', () => {
    const { election } = server(1, { 2: { state: 'following', leader: 3 } }, false)
    expect(election.onMessage(2, { type: 'coordinator', leader: 3, established: true }, 0)).toEqual([])
    expect(election.phase).toBe('looking')
  })

  test('two candidates -> the lower one gives way', () => {
    const high = server(3, { 2: { state: 'candidate' } })
    const low = server(2, { 3: { stands: false } })
    high.election.onChange(0)
    low.election.onChange(0)
    expect(
      kinds(low.election.onMessage(3, { type: 'coordinator', leader: 3, established: false }, 1)),
    ).toEqual(['follow 3'])
    expect(
      kinds(high.election.onMessage(2, { type: 'coordinator', leader: 2, established: false }, 1)),
    ).toEqual([])
  })

  test('a candidate -> calls late comers, and gives way to a reign that is established', () => {
    const { election, facts } = server(3, { 1: {}, 2: { state: 'joining' } })
    election.onChange(0)
    expect(kinds(election.onChange(1))).toEqual([])
    election.onOpen()
    expect(kinds(election.onChange(2))).toEqual(['coordinator to 1'])
    facts.peers.set(1, statusOf(leading))
    expect(kinds(election.onChange(3))).toEqual(['follow 1'])
  })

  test('a candidate that found no quorum -> lets others try for its back-off, then stands again', () => {
    const { election } = server(3, { 1: {}, 2: {} })
    election.onChange(0)
    expect(kinds(election.onLeaderLost(1000, 200))).toEqual([])
    expect(election.backsOff(1199)).toBe(true)
    expect(kinds(election.onChange(1199))).toEqual([])
    expect(kinds(election.onChange(1200))).toEqual(['stand'])
  })

  test('a leader that could not be joined -> is left alone for a while', () => {
    const { election } = server(1, { 3: leading }, false)
    expect(kinds(election.onChange(0))).toEqual(['follow 3'])
    expect(kinds(election.onLeaderLost(10, 0))).toEqual([])
    expect(kinds(election.onChange(209))).toEqual([])
    expect(kinds(election.onChange(210))).toEqual(['follow 3'])
  })

  test('the winner dies right after its announcement -> looks again', () => {
    const { election, facts } = server(1, { 2: {}, 3: {} })
    election.onMessage(3, { type: 'coordinator', leader: 3, established: false }, 0)
    expect(election.leader).toBe(3)
    facts.peers.delete(3)
    expect(kinds(election.onChange(1))).toEqual(['election to 2'])
  })

  test('the leader hands over -> the successor stands, the others follow it, without an election', () => {
    expect(kinds(server(3, { 1: {}, 2: {} }).election.onHandOver(3))).toEqual(['stand'])
    expect(kinds(server(1, { 2: {}, 3: {} }).election.onHandOver(3))).toEqual(['follow 3'])
  })
})

interface Member {
  id: number
  election: Election
  /** As its peers have last heard. */
  heard: Map<number, PeerStatus>
  state: PeerStatus['state']
  leader: number | null
  stands: boolean
}

/**
 * Servers with nothing but their elections; whoever leads reigns as soon as a majority has joined. Messages are lost, links
 * are cut, heartbeats are late; from `healedAtMs` on everybody hears everybody.
 */
class Cluster {
  readonly members: Member[]
  readonly #random: SeededRandom
  readonly #wires: {
    from: number
    to: number
    message: PeerMessage | { type: 'status'; status: PeerStatus }
  }[] = []
  readonly #cut = new Set<string>()
  nowMs = 0

  constructor(size: number, seed: string, stands: (id: number) => boolean) {
    this.#random = new SeededRandom(seed)
    this.members = Array.from({ length: size }, (_, i) => {
      const heard = new Map<number, PeerStatus>()
      const member: Member = {
        id: i + 1,
        heard,
        state: 'looking',
        leader: null,
        stands: stands(i + 1),
        election: new Election({
          self: i + 1,
          timeouts,
          facts: () => ({ peers: heard, stands: this.#stands(member) }),
        }),
      }
      return member
    })
  }

  get reigning(): Member | null {
    return this.members.find((member) => member.state === 'leading') ?? null
  }

  get agreed(): boolean {
    const leader = this.reigning
    return (
      leader !== null &&
      this.members.every(
        (member) => member === leader || (member.state === 'following' && member.leader === leader.id),
      )
    )
  }

  #stands(member: Member): boolean {
    return (
      member.stands &&
      (member.heard.size + 1) * 2 > this.members.length &&
      !member.election.backsOff(this.nowMs)
    )
  }

  cut(): void {
    const [a, b] = [this.#random.pick(this.members), this.#random.pick(this.members)]
    if (a === b) return
    this.#cut.add(`${a.id}-${b.id}`).add(`${b.id}-${a.id}`)
    a.heard.delete(b.id)
    b.heard.delete(a.id)
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const) {
      if (one.leader === other.id) this.#lose(one)
    }
  }

  heal(): void {
    this.#cut.clear()
  }

  dethrone(): void {
    const leader = this.reigning
    if (leader !== null) this.#lose(leader)
  }

  #lose(member: Member): void {
    const failed = member.state === 'candidate'
    member.state = 'looking'
    member.leader = 0
    this.#release(member)
    this.#perform(
      member,
      member.election.onLeaderLost(this.nowMs, failed ? 150 + this.#random.below(150) : 0),
    )
  }

  /** It leads no more: its links are closed. */
  #release(leader: Member): void {
    for (const follower of this.members) {
      if (follower.leader !== leader.id) continue
      follower.state = 'looking'
      follower.leader = 0
      this.#perform(follower, follower.election.onLeaderLost(this.nowMs, 0))
    }
  }

  /** 10 ms. */
  step(lossy: boolean): void {
    this.nowMs += 10
    const wires = this.#wires.splice(0)
    for (const { from, to, message } of wires) {
      const member = this.members[to - 1]
      if (member === undefined || this.#cut.has(`${from}-${to}`) || (lossy && this.#random.chance(1, 20)))
        continue
      if (message.type === 'status') member.heard.set(from, message.status)
      else if (member.heard.has(from))
        this.#perform(member, member.election.onMessage(from, message, this.nowMs))
    }
    for (const member of this.members) {
      if (this.#random.chance(1, 5)) this.#tell(member)
      this.#perform(member, member.election.onChange(this.nowMs))
      if (member.state === 'candidate') this.#maybeReign(member)
      else if (member.state === 'leading' && !this.#hasQuorum(member)) this.#lose(member)
    }
  }

  #tell(member: Member): void {
    const { id, state, leader } = member
    const serving = state === 'leading' || state === 'following'
    const status = statusOf({
      state,
      serving,
      leader,
      stands: serving || state === 'candidate' || this.#stands(member),
    })
    for (const other of this.members) {
      if (other !== member && !this.#cut.has(`${id}-${other.id}`))
        this.#wires.push({ from: id, to: other.id, message: { type: 'status', status } })
    }
  }

  #hasQuorum(leader: Member): boolean {
    const followers = this.members.filter((member) => member.leader === leader.id && member !== leader)
    return (followers.length + 1) * 2 > this.members.length
  }

  #maybeReign(candidate: Member): void {
    const joined = this.members.filter(
      (member) => member.leader === candidate.id && member.state === 'joining',
    )
    if ((joined.length + 1) * 2 > this.members.length) {
      for (const member of [candidate, ...joined]) this.#settle(member, candidate)
    } else if (this.#random.chance(1, 100)) this.#lose(candidate)
  }

  #settle(member: Member, leader: Member): void {
    member.state = member === leader ? 'leading' : 'following'
    member.election.settle(leader.id)
    this.#tell(member)
  }

  #perform(member: Member, effects: readonly ElectionEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'send')
        this.#wires.push({ from: member.id, to: effect.to, message: effect.message })
      else if (effect.kind === 'stand') {
        member.state = 'candidate'
        member.leader = 0
        this.#tell(member)
        this.#perform(member, member.election.onOpen())
      } else this.#join(member, effect.leader)
    }
  }

  #join(member: Member, id: number): void {
    const leader = this.members[id - 1]
    member.state = 'joining'
    member.leader = id
    this.#release(member)
    const open = leader?.state === 'candidate' || leader?.state === 'leading'
    if (leader === undefined || !open || this.#cut.has(`${member.id}-${id}`)) {
      member.state = 'looking'
      member.leader = 0
      this.#perform(member, member.election.onLeaderLost(this.nowMs, 0))
    } else if (leader.state === 'leading') this.#settle(member, leader)
  }
}

describe('election: a cluster of pure elections', () => {
  test('all connected, nothing lost -> the highest that stands is followed by all', () => {
    for (let seed = 0; seed < 150; seed++) {
      const size = 3 + (seed % 3)
      const top = size - (seed % 2)
      const cluster = new Cluster(size, `calm ${seed}`, (id) => id <= top)
      for (let i = 0; i < 400 && !cluster.agreed; i++) cluster.step(false)
      expect(cluster.agreed, `seed ${seed}`).toBe(true)
      expect(cluster.members.some((member) => member.state === 'candidate')).toBe(false)
    }
  })

  test('all of them know each other before the first looks -> the highest wins', () => {
    for (let seed = 0; seed < 100; seed++) {
      const cluster = new Cluster(5, `known ${seed}`, (id) => id <= 4)
      for (const member of cluster.members) {
        for (const other of cluster.members) {
          if (other !== member) member.heard.set(other.id, statusOf({ stands: other.stands }))
        }
      }
      for (let i = 0; i < 400 && !cluster.agreed; i++) cluster.step(false)
      expect(cluster.reigning?.id, `seed ${seed}`).toBe(4)
    }
  })

  test('messages lost, links cut, leaders lost, then all connected -> they agree in the end', () => {
    for (let seed = 0; seed < 150; seed++) {
      const random = new SeededRandom(`storm ${seed}`)
      const cluster = new Cluster(3 + (seed % 3), `storm ${seed}`, () => true)
      for (let i = 0; i < 600; i++) {
        if (random.chance(1, 40)) cluster.cut()
        if (random.chance(1, 60)) cluster.heal()
        if (random.chance(1, 100)) cluster.dethrone()
        cluster.step(true)
      }
      cluster.heal()
      for (let i = 0; i < 1000 && !cluster.agreed; i++) cluster.step(false)
      expect(cluster.agreed, `seed ${seed}`).toBe(true)
    }
  })
})
