import { Amnesia } from '../../src/replication/amnesia.ts'
import { Follower, type FollowerEffect } from '../../src/replication/follower.ts'
import { Leader, type LeaderEffect } from '../../src/replication/leader.ts'
import type { FollowerMessage, LeaderMessage, PeerStatus } from '../../src/replication/messages.ts'
import { SeededRandom } from '../../src/runtime/seeded-random.ts'
import { commonPoint } from '../../src/storage/history-summary.ts'
import { recordHeaderBytes, writeRecordHeader } from '../../src/storage/record.ts'
import type { DurableState } from '../../src/storage/storage.ts'
import { epochOf, formatZxid, type Zxid, zxidOf } from '../../src/tree/zxid.ts'

import {
  conditionOf,
  type Entry,
  emptyState,
  entriesOf,
  type FollowingAttempt,
  type LeadingAttempt,
  type Link,
  lastOf,
  type Mutation,
  names,
  type Server,
  someUp,
  summaryOf,
  Violation,
} from './reign-model.ts'

/**
 * A random walk of a few servers over the real `Leader` and `Follower`, with disks that lose what was not synced, links
 * that keep their order and end late or at once, servers that stand whenever they like, and one lost disk at a time.
 *
 * Checked all along: one leader establishes an epoch; what is committed stays committed and stands in every later reign's
 * history; no server wipes or contradicts what it knows to be committed; promised is never below current; a confirmed
 * `sync` has seen all that was committed when it was asked for.
 */
export class ReignWalk {
  readonly random: SeededRandom
  readonly servers: Server[]
  readonly trace: string[] = []
  readonly counts = { commits: 0, reigns: 0, wipes: 0, crashes: 0, syncs: 0 }
  readonly #size: number
  readonly #mutation: Mutation | null
  /** The one history, as far as it is committed. */
  readonly #committed: Entry[] = []
  readonly #establishedBy = new Map<number, LeadingAttempt>()
  #drawn = 0
  #scripted = false
  /** What can happen, with how often it does in an average walk. */
  readonly #moves: [weight: number, move: () => void][] = [
    [4, () => this.#stand(this.#pick())],
    [40, () => this.#joinSomebody(this.#pick())],
    [30, () => this.#tell(this.#pick(), this.#pick())],
    [
      30,
      () =>
        this.#with(
          (one) => one.told.length > 0,
          (one) => this.#hear(one),
        ),
    ],
    [3, () => this.#crash(this.#pick(), false)],
    [3, () => this.#crash(this.#pick(), true)],
    [3, () => this.#cut(this.#pick())],
    [1, () => this.#resign(this.#pick())],
    [
      45,
      () =>
        this.#with(
          (one) => one.leading?.serving === true,
          (one) => this.#propose(one),
        ),
    ],
    [
      15,
      () =>
        this.#with(
          (one) => one.following?.machine.stage === 'following',
          (one) => this.#askSync(one),
        ),
    ],
    [
      10,
      () =>
        this.#with(
          (one) => one.leading !== null,
          (one) => this.#heartbeat(one),
        ),
    ],
    [
      200,
      () =>
        this.#with(
          (one) => one.writes.length > 0,
          (one) => this.#completeOne(one),
        ),
    ],
    [
      50,
      () =>
        this.#with(
          (one) => (one.leading?.jobs.length ?? 0) > 0,
          (one) => this.#sendHistory(one),
        ),
    ],
    [
      270,
      () =>
        this.#with(
          (one) => (one.following?.link?.down.length ?? 0) > 0,
          (one) => this.#deliverDown(one),
        ),
    ],
    [
      280,
      () =>
        this.#with(
          (one) => one.leading !== null && someUp(one.leading),
          (one) => this.#deliverUp(one),
        ),
    ],
  ]
  readonly #weights: number[]
  readonly #weightSum: number
  /** Who follows turns to another leader once in so many occasions. */
  readonly #faithfulness: number

  constructor(size: number, seed: number | string, mutation: Mutation | null = null) {
    this.#size = size
    this.#mutation = mutation
    this.random = new SeededRandom(seed)
    // Every walk has its own mixture, so that rare sequences of events become common in some of them.
    this.#weights = this.#moves.map(([weight]) => weight * this.random.pick([1, 3, 3, 9]))
    this.#faithfulness = this.random.pick([2, 10, 50])
    this.#weightSum = this.#weights.reduce((sum, weight) => sum + weight, 0)
    const members = Array.from({ length: size }, (_, i) => i + 1)
    this.servers = members.map((id) => ({
      id,
      durable: emptyState,
      log: [],
      writes: [],
      commit: 0,
      leading: null,
      following: null,
      amnesia: new Amnesia({ self: id, members }),
      told: [],
    }))
  }

  /** Walks begin with a founded ensemble, an interrupted founding, or nothing at all. */
  run(steps: number): void {
    const start = this.random.below(4)
    if (start < 2) this.settle()
    else if (start === 2) this.#foundHalf()
    for (let i = 0; i < steps; i++) this.#step()
  }

  /**
   * For timelines by hand: nothing is lost or written by chance. An ensemble that server 1 has founded and leads, with one
   * transaction.
   */
  script(founded = true): this {
    this.#scripted = true
    if (!founded) return this
    this.stand(1)
    for (const { id } of this.servers) if (id !== 1) this.join(id, 1)
    this.#quiet()
    if (this.servers.some((server) => server.following === null)) this.#fail('not all of them founded')
    this.propose(1)
    return this
  }

  stand(id: number): void {
    this.#stand(this.#server(id))
  }

  join(id: number, leader: number): void {
    this.#join(this.#server(id), this.#server(leader))
  }

  crash(id: number, what: 'process' | 'disk' = 'process'): void {
    this.#crash(this.#server(id), what === 'disk')
  }

  /** `from` tells `to` what it has promised, and that is heard. */
  tell(from: number, to: number): void {
    this.#tell(this.#server(from), this.#server(to))
    this.#hear(this.#server(to))
  }

  /** Everything that these servers have to do with each other and their disks happens. */
  work(...ids: number[]): void {
    this.#quiet(
      2000,
      ids.map((id) => this.#server(id)),
    )
  }

  /** Proposes at `leader`; everything that follows among all who follow it happens. */
  propose(leader: number, ...ids: number[]): void {
    this.#propose(this.#server(leader))
    if (ids.length === 0) this.#quiet()
    else this.work(...ids)
  }

  /** A server's next message from its leader, its next write, or the leader's next message from it. */
  down(id: number): void {
    this.#deliverDown(this.#server(id))
  }

  write(id: number): void {
    this.#completeOne(this.#server(id))
  }

  up(leader: number, from: number): void {
    this.#deliverUp(this.#server(leader), (link) => link.follower.server.id === from && link.up.length > 0)
  }

  /** Everything happens until a server has taken over the history of this reign, and is not told of its establishment. */
  untilCurrent(id: number, leader: number): void {
    for (let turn = 0; turn < 100; turn++) {
      if (this.#server(id).durable.currentEpoch > 0) return
      if (this.phaseOf(leader) === 'discovery') this.#quiet(1)
      else this.#quiet(1, [this.#server(id)])
      if (this.phaseOf(leader) === 'synchronization') this.#sendHistory(this.#server(leader))
    }
    this.#fail(`server ${id} does not take the history over`)
  }

  get committed(): string[] {
    return this.#committed.map((entry) => entry.name)
  }

  /** Of a server that leads. */
  phaseOf(id: number): Leader['phase'] | null {
    return this.#server(id).leading?.machine.phase ?? null
  }

  #server(id: number): Server {
    const server = this.servers[id - 1]
    if (server === undefined) throw new Error(`no server ${id}`)
    return server
  }

  /** No more faults: somebody who can leads, all others follow, everything is delivered. Then all must agree. */
  settle(): void {
    for (let attempt = 1; attempt <= 6; attempt++) {
      for (const server of this.servers) this.#endAttempt(server, 'settling')
      for (const server of this.servers) this.#complete(server)
      for (const server of this.servers) {
        for (const other of this.servers) if (other !== server) this.#tell(other, server)
      }
      this.#quiet()
      const best = [...this.servers].sort(
        (a, b) =>
          Number(conditionOf(b.durable) !== 'fresh') - Number(conditionOf(a.durable) !== 'fresh') ||
          b.id - a.id,
      )[0]
      if (best === undefined) throw new Violation('nobody is there')
      this.#stand(best)
      for (const server of this.servers) if (server !== best) this.#join(server, best)
      this.#quiet()
      for (const server of this.servers) {
        if (server !== best && server.following === null) this.#join(server, best)
      }
      this.#quiet()
      if (best.leading?.serving !== true || this.servers.some((server) => server.following === null)) continue
      this.#propose(best)
      this.#quiet()
      const expected = names(this.#committed)
      for (const server of this.servers) {
        if (names(server.log) !== expected)
          this.#fail(`server ${server.id} holds ${names(server.log)}, committed is ${expected}`)
      }
      return
    }
    this.#fail('all servers are up and connected, and no reign comes about')
  }

  #foundHalf(): void {
    const founder = this.#pick()
    this.#stand(founder)
    for (const server of this.servers) {
      if (server !== founder && this.random.chance(3, 4)) this.#join(server, founder)
    }
    this.#quiet(this.random.below(30))
    for (const server of this.servers) if (this.random.chance(1, 3)) this.#endAttempt(server, 'interrupted')
  }

  #fail(what: string): never {
    throw new Violation(`${what}\n${this.trace.slice(-60).join('\n')}`)
  }

  #note(what: string): void {
    this.trace.push(what)
  }

  #pick(): Server {
    return this.random.pick(this.servers)
  }

  /** Does it with any of the servers with which something can be done. */
  #with(able: (server: Server) => boolean, work: (server: Server) => void): void {
    const first = this.random.below(this.#size)
    for (let i = 0; i < this.#size; i++) {
      const server = this.servers[(first + i) % this.#size]
      if (server !== undefined && able(server)) return work(server)
    }
  }

  #step(): void {
    let left = this.random.below(this.#weightSum)
    for (const [i, weight] of this.#weights.entries()) {
      left -= weight
      if (left < 0) {
        this.#moves[i]?.[1]()
        break
      }
    }
    for (const { durable, id } of this.servers) {
      if (durable.promisedEpoch < durable.currentEpoch && this.#mutation === null) {
        this.#fail(`server ${id} has promised ${durable.promisedEpoch} and is in ${durable.currentEpoch}`)
      }
    }
  }

  /** Delivers and writes everything until nothing happens any more. */
  #quiet(turns = 2000, servers: readonly Server[] = this.servers): void {
    for (let turn = 0; turn < turns; turn++) {
      let busy = false
      for (const server of servers) {
        if (server.told.length > 0) busy = true
        this.#hear(server)
        if (server.writes.length > 0) busy = true
        this.#completeOne(server)
        if ((server.leading?.jobs.length ?? 0) > 0) busy = true
        this.#sendHistory(server)
        if ((server.following?.link?.down.length ?? 0) > 0) busy = true
        this.#deliverDown(server)
        if (server.leading?.machine.phase === 'discovery' && turn % 20 === 19) this.#heartbeat(server)
        const from = (link: Link): boolean => link.up.length > 0 && servers.includes(link.follower.server)
        if ([...(server.leading?.links.values() ?? [])].some(from)) busy = true
        this.#deliverUp(server, from)
      }
      if (!busy) return
    }
    if (turns === 2000) this.#fail('the messages do not come to an end')
  }

  #stand(server: Server): void {
    this.#endAttempt(server, 'it stands')
    const members = this.#size
    const machine = new Leader({
      self: server.id,
      members,
      newEnsembleId: () => (++this.#drawn).toString(16).padStart(32, '0'),
      promisedElsewhere: () =>
        Math.max(
          0,
          ...this.servers.map((other) =>
            !this.#scripted && this.random.chance(1, 3) ? other.durable.promisedEpoch : 0,
          ),
        ),
      heldBytesMax: 200,
    })
    const leading: LeadingAttempt = {
      server,
      machine,
      links: new Map(),
      jobs: [],
      history: null,
      serving: false,
      syncs: new Map(),
    }
    server.leading = leading
    this.#note(`${server.id} stands`)
    this.#connect(server, leading, false)
  }

  #joinSomebody(server: Server): void {
    const leaders = this.servers.filter((other) => other !== server && other.leading !== null)
    const busy = server.leading !== null || server.following !== null
    if (leaders.length === 0 || (busy && !this.random.chance(1, this.#faithfulness))) return
    this.#join(server, this.random.pick(leaders))
  }

  #join(server: Server, leader: Server): void {
    const { leading } = leader
    if (leading === null) return
    this.#endAttempt(server, 'it joins another')
    const { promisedEpoch } = server.amnesia
    const fresh = conditionOf(server.durable) === 'fresh'
    const counts = promisedEpoch !== null && promisedEpoch > server.durable.promisedEpoch
    if (fresh && counts && this.#mutation !== 'no amnesia rule') {
      server.durable = { ...server.durable, promisedEpoch, promisedTo: null }
    }
    this.#connect(server, leading, (fresh && promisedEpoch !== null) || this.#mutation === 'no amnesia rule')
  }

  #connect(server: Server, leading: LeadingAttempt, recovered: boolean): void {
    const { durable, log } = server
    const facts = {
      leader: leading.server.id,
      promisedEpoch: durable.promisedEpoch,
      promisedTo: this.#mutation === 'same epoch counts twice' ? leading.server.id : durable.promisedTo,
      currentEpoch: durable.currentEpoch,
      ensembleId: durable.ensembleId,
      condition: conditionOf(durable),
      lastZxid: lastOf(log),
      summary: summaryOf(log),
      recovered,
    }
    if (this.#mutation === 'fresh counts' && facts.condition === 'fresh') facts.condition = 'provisional'
    if (this.#mutation === 'fresh found beside provisional' && facts.condition === 'provisional')
      facts.condition = 'fresh'
    const following: FollowingAttempt = { server, machine: new Follower(facts), link: null, building: null }
    const link: Link = {
      leader: leading,
      follower: following,
      up: [],
      down: [],
      upOpen: true,
      downOpen: true,
    }
    following.link = link
    server.following = following
    const before = leading.links.get(server.id)
    if (before !== undefined) this.#closeUp(before)
    leading.links.set(server.id, link)
    this.#performAsFollower(following, following.machine.start())
  }

  /** The leader ends a link: what it had not read of it is lost, and its machine hears of the end in this turn. */
  #closeUp(link: Link): void {
    if (!link.upOpen) return
    link.upOpen = false
    link.up = []
    link.down.push(null)
    const { leader, follower } = link
    if (leader.links.get(follower.server.id) !== link) return
    leader.links.delete(follower.server.id)
    this.#performAsLeader(leader, leader.machine.onGone(follower.server.id))
  }

  /** A follower's attempt is over: the leader reads what is on its way, some time, and then the end. */
  #endFollowing(server: Server): void {
    const { following } = server
    if (following === null) return
    server.following = null
    const { link } = following
    if (link !== null) {
      link.downOpen = false
      link.down = []
      if (!this.#scripted && this.random.chance(1, 3)) link.up = []
      link.up.push(null)
    }
    // What the disk has begun may still be written; nobody hears of it.
    const begun = this.#scripted ? 0 : this.random.below(server.writes.length + 1)
    for (const write of server.writes.splice(0).slice(0, begun)) write.work()
  }

  #endAttempt(server: Server, reason: string): void {
    const { leading } = server
    server.leading = null
    if (leading !== null) {
      leading.machine.resign(reason)
      for (const link of leading.links.values()) if (link.follower.server !== server) this.#closeUp(link)
    }
    this.#endFollowing(server)
  }

  #tell(from: Server, to: Server): void {
    if (from === to) return
    const { promisedEpoch } = from.durable
    to.told.push({ from: from.id, promisedEpoch, condition: conditionOf(from.durable) })
  }

  #hear(server: Server): void {
    const told = server.told.shift()
    if (told === undefined || conditionOf(server.durable) !== 'fresh') return
    server.amnesia.hear(new Map([[told.from, told as unknown as PeerStatus]]))
  }

  #crash(server: Server, disk: boolean): void {
    const others = this.servers.filter((other) => other !== server)
    const mayLoseDisk =
      others.every((other) => conditionOf(other.durable) !== 'fresh') && this.counts.wipes < 5
    if (disk && !mayLoseDisk) return
    this.counts.crashes++
    this.#endAttempt(server, 'it crashes')
    if (disk) {
      this.counts.wipes++
      server.durable = emptyState
      server.log = []
    }
    this.#note(`${server.id} crashes${disk ? ' and loses its disk' : ''}`)
    server.commit = 0
    server.told = []
    server.amnesia = new Amnesia({ self: server.id, members: this.servers.map((other) => other.id) })
  }

  #cut(server: Server): void {
    const link = server.following?.link
    if (link === null || link === undefined || server.leading !== null) return
    this.#endFollowing(server)
    if (this.random.chance(1, 2)) link.up = [null]
  }

  #resign(server: Server): void {
    if (server.leading === null) return
    this.#note(`${server.id} steps down`)
    this.#endAttempt(server, 'it steps down')
  }

  #propose(server: Server): void {
    const { leading } = server
    if (leading === null || !leading.serving || !leading.machine.takesRequests || leading.history === null)
      return
    const count = 1 + this.random.below(2)
    const records: Buffer[] = []
    let zxid = leading.machine.proposedZxid
    for (let i = 0; i < count; i++) {
      zxid = epochOf(zxid) === leading.machine.epoch ? zxid + 1 : zxidOf(leading.machine.epoch, 1)
      const name = `${server.id}:${epochOf(zxid)}.${zxid % 2 ** 32}`
      const payload = Buffer.from(name)
      const record = Buffer.alloc(recordHeaderBytes + payload.length)
      payload.copy(record, recordHeaderBytes)
      writeRecordHeader(record, 0, payload.length, zxid, leading.machine.commitZxid)
      records.push(record)
      leading.history.push({ zxid, name, record })
    }
    this.#note(`${server.id} proposes up to ${formatZxid(zxid)}`)
    this.#performAsLeader(leading, leading.machine.onProposals(Buffer.concat(records), zxid))
  }

  #askSync(server: Server): void {
    const { following } = server
    if (following?.machine.stage !== 'following' || following.link === null) return
    const id = ++this.#drawn
    following.link.leader.syncs.set(id, lastOf(this.#committed))
    this.#performAsFollower(following, [{ kind: 'send', message: { type: 'sync', id } }])
  }

  #heartbeat(server: Server): void {
    if (server.leading !== null) this.#performAsLeader(server.leading, server.leading.machine.onHeartbeat())
  }

  #completeOne(server: Server): void {
    const write = server.writes.shift()
    if (write === undefined) return
    write.work()
    if (server.following !== null) this.#performAsFollower(server.following, write.after)
  }

  #complete(server: Server): void {
    while (server.writes.length > 0) this.#completeOne(server)
  }

  #deliverDown(server: Server): void {
    const link = server.following?.link
    if (link === null || link === undefined || link.down.length === 0) return
    const message = link.down.shift()
    if (message === undefined) return
    if (message === null) {
      if (server.leading === null) this.#endFollowing(server)
      else this.#endAttempt(server, 'its own link has ended')
      return
    }
    this.#performAsFollower(link.follower, link.follower.machine.onMessage(message))
  }

  #deliverUp(server: Server, from: (link: Link) => boolean = (link) => link.up.length > 0): void {
    const { leading } = server
    if (leading === null) return
    const waiting = [...leading.links.values()].filter(from)
    if (waiting.length === 0) return
    const link = this.random.pick(waiting)
    const message = link.up.shift()
    const sender = link.follower.server.id
    if (message === null || message === undefined) {
      link.upOpen = false
      leading.links.delete(sender)
      this.#performAsLeader(leading, leading.machine.onGone(sender))
    } else this.#performAsLeader(leading, leading.machine.onMessage(sender, this.#mutated(message)))
    if (server.leading === leading) this.#performAsLeader(leading, leading.machine.flush())
    this.#checkCommit(leading)
  }

  #mutated(message: FollowerMessage): FollowerMessage {
    if (this.#mutation === 'stale history wins' && message.type === 'ackEpoch')
      return { ...message, currentEpoch: 0, lastZxid: 0 }
    return message
  }

  /** The leader sends a history when its own disk holds all of it. */
  #sendHistory(server: Server): void {
    const job = server.leading?.jobs[0]
    if (server.leading === null || job === undefined) return
    if (job.link.upOpen && lastOf(server.log) < job.upTo) return
    server.leading.jobs.shift()
    if (server.leading.links.get(job.to) !== job.link) return
    this.#stream(
      server.log,
      job.summary,
      job.upTo,
      (message) => job.link.downOpen && job.link.down.push(message),
    )
    this.#performAsLeader(server.leading, server.leading.machine.onHistorySent(job.to, job.upTo))
  }

  #stream(
    log: readonly Entry[],
    receiver: [number, number][],
    upTo: Zxid,
    send: (message: Extract<LeaderMessage, { type: `history${string}` }>) => void,
  ): void {
    const full = !this.#scripted && this.random.chance(1, 4)
    const summary = receiver.map(([epoch, lastCounter]) => ({ epoch, lastCounter }))
    const known = log.filter((entry) => entry.zxid <= upTo)
    let common = Math.min(commonPoint(summaryOf(log), summary), upTo)
    if (full) {
      const snapshot = known.slice(0, this.random.below(known.length + 1))
      common = lastOf(snapshot)
      send({ type: 'historyStart', full: true, common })
      if (snapshot.length > 0)
        send({ type: 'historySnapshot', bytes: Buffer.concat(snapshot.map((entry) => entry.record)) })
    } else send({ type: 'historyStart', full: false, common })
    const missing = known.filter((entry) => entry.zxid > common)
    while (missing.length > 0) {
      const piece = missing.splice(0, 1 + this.random.below(missing.length))
      send({
        type: 'historyRecords',
        bytes: Buffer.concat(piece.map((entry) => entry.record)),
        lastZxid: lastOf(piece),
      })
    }
  }

  #performAsFollower(following: FollowingAttempt, effects: readonly FollowerEffect[]): void {
    for (const effect of effects) {
      if (following.server.following !== following) return
      this.#performOne(following, effect)
    }
  }

  #performOne(following: FollowingAttempt, effect: FollowerEffect): void {
    const { server, link } = following
    const write = (work: () => void, after: FollowerEffect[] = []): void => {
      server.writes.push({ work, after })
    }
    const change = (changes: Partial<DurableState>): void => {
      const kept = { ...changes }
      if (this.#mutation === 'promise is not durable' && kept.currentEpoch === undefined) {
        delete kept.promisedEpoch
        delete kept.promisedTo
      }
      server.durable = { ...server.durable, ...kept }
    }
    switch (effect.kind) {
      case 'send':
        if (link?.upOpen === true) link.up.push(effect.message)
        return
      case 'saveState':
        write(() => change(effect.changes), effect.after)
        return
      case 'append': {
        const entries = entriesOf(effect.records)
        const early = this.#mutation === 'ack before durable'
        const ack: FollowerEffect[] = effect.proposal
          ? [{ kind: 'send', message: { type: 'ack', zxid: effect.lastZxid } }]
          : []
        const append = (): void => {
          if (lastOf(server.log) >= lastOf(entries))
            this.#fail(`server ${server.id} appends ${names(entries)} behind ${names(server.log)}`)
          server.log = [...server.log, ...entries]
        }
        write(append, early ? [] : effect.after)
        if (early) this.#performAsFollower(following, ack)
        return
      }
      case 'truncate':
        write(() => {
          if (effect.to < server.commit)
            this.#fail(
              `server ${server.id} wipes what follows ${formatZxid(effect.to)}, committed is ${formatZxid(server.commit)}`,
            )
          server.log = server.log.filter((entry) => entry.zxid <= effect.to)
        })
        return
      case 'startReplacement':
        write(() => {
          following.building = []
        })
        return
      case 'replacementSnapshot':
        write(() => following.building?.push(...entriesOf(effect.bytes)))
        return
      case 'replacementRecords':
        write(() => following.building?.push(...entriesOf(effect.records)))
        return
      case 'finishReplacement':
        write(() => {
          server.log = following.building ?? []
          if (lastOf(server.log) < server.commit)
            this.#fail(
              `server ${server.id} takes over ${names(server.log)}, committed is ${formatZxid(server.commit)}`,
            )
          change(effect.changes)
        }, effect.after)
        return
      case 'whenDurable':
        write(() => {}, effect.after)
        return
      case 'commit':
        this.#learnCommit(server, effect.zxid)
        return
      case 'serve':
        if (server.leading !== null && server.leading.machine.phase === 'broadcast')
          server.leading.serving = true
        return
      case 'sendOwnHistory': {
        const upTo = lastOf(server.log)
        const send = (message: FollowerMessage): void => {
          if (link?.upOpen === true) link.up.push(message)
        }
        this.#stream(server.log, effect.summary, upTo, send)
        send({ type: 'historyEnd', lastZxid: upTo })
        return
      }
      case 'leave':
        this.#note(`${server.id} leaves: ${effect.reason}`)
        if (server.leading === null) this.#endFollowing(server)
        else this.#endAttempt(server, effect.reason)
        return
      case 'synced':
      case 'message':
    }
  }

  /** What a server takes for committed must be a beginning of the one history; its log may still lack some of it. */
  #learnCommit(server: Server, zxid: Zxid): void {
    if (zxid <= server.commit) return
    server.commit = zxid
    const held = server.log.filter((entry) => entry.zxid <= zxid)
    for (const [i, entry] of held.entries()) {
      if (this.#committed[i]?.name !== entry.name) {
        this.#fail(
          `server ${server.id} takes ${names(held)} for committed, committed is ${names(this.#committed)}`,
        )
      }
    }
  }

  #performAsLeader(leading: LeadingAttempt, effects: readonly LeaderEffect[]): void {
    const { server } = leading
    for (const effect of effects) {
      if (server.leading !== leading) return
      switch (effect.kind) {
        case 'send':
          for (const to of effect.to) {
            if (to === server.id && effect.message.type === 'newLeader') leading.history = [...server.log]
            const link = leading.links.get(to)
            if (link?.downOpen === true) link.down.push(effect.message)
            if (this.#mutation === 'promises are not confirmed' && effect.message.type === 'heartbeat') {
              // As if everybody answered at once, dead or alive.
              this.#performAsLeader(
                leading,
                leading.machine.onMessage(to, { type: 'heartbeatAck', round: effect.message.round }),
              )
            }
          }
          break
        case 'sendHistory': {
          const link = leading.links.get(effect.to)
          if (link !== undefined)
            leading.jobs.push({ link, to: effect.to, summary: effect.summary, upTo: effect.upTo })
          break
        }
        case 'reign':
          this.#establish(leading, effect.epoch)
          break
        case 'confirmed':
          this.#checkSync(leading, effect.id)
          break
        case 'drop': {
          const link = leading.links.get(effect.server)
          if (link !== undefined) this.#closeUp(link)
          break
        }
        case 'resign':
          this.#note(`${server.id} resigns: ${effect.reason}`)
          this.#endAttempt(server, effect.reason)
      }
    }
  }

  #establish(leading: LeadingAttempt, epoch: number): void {
    this.counts.reigns++
    this.#note(`${leading.server.id} establishes epoch ${epoch} with ${names(leading.history ?? [])}`)
    const known = this.#establishedBy.get(epoch)
    if (known !== undefined)
      this.#fail(`epoch ${epoch} is led by ${known.server.id} and by ${leading.server.id}`)
    this.#establishedBy.set(epoch, leading)
    const held = (leading.history ?? []).length
    if (held < this.#committed.length) {
      this.#fail(
        `epoch ${epoch} begins with ${names(leading.history ?? [])}, committed is ${names(this.#committed)}`,
      )
    }
    this.#checkCommit(leading)
  }

  /** The commit point of a leader extends the one history, or is a beginning of it. */
  #checkCommit(leading: LeadingAttempt): void {
    if (leading.machine.phase !== 'broadcast' || leading.history === null) return
    const { history } = leading
    const commit =
      this.#mutation === 'commit by one' ? lastOf(leading.server.log) : leading.machine.commitZxid
    for (const [i, entry] of history.entries()) {
      if (entry.zxid > commit) break
      const known = this.#committed[i]
      if (known === undefined) {
        this.#committed.push(entry)
        this.counts.commits++
      } else if (known.name !== entry.name) {
        this.#fail(
          `server ${leading.server.id} commits ${names(history)}, committed is ${names(this.#committed)}`,
        )
      }
    }
  }

  #checkSync(leading: LeadingAttempt, id: number): void {
    this.counts.syncs++
    const needed = leading.syncs.get(id)
    if (needed !== undefined && leading.machine.commitZxid < needed) {
      this.#fail(
        `a sync at server ${leading.server.id} saw ${formatZxid(leading.machine.commitZxid)}, committed was ${formatZxid(needed)}`,
      )
    }
  }
}
