import { Amnesia } from '../../../src/replication/amnesia.ts'
import { conditionOf } from '../../../src/replication/condition.ts'
import { Follower, type FollowerEffect, type FollowerFacts } from '../../../src/replication/follower.ts'
import { Leader } from '../../../src/replication/leader.ts'
import type { LeaderEffect } from '../../../src/replication/leader-effect.ts'
import type { FollowerMessage, LeaderMessage } from '../../../src/replication/messages.ts'
import { quorumSize } from '../../../src/replication/quorum.ts'
import { performWrite } from './disk.ts'
import { historyMessages } from './history-messages.ts'
import { Ledger } from './ledger.ts'
import { type Luck, noLuck } from './luck.ts'
import type { Mutation } from './mutation.ts'
import { type FollowerPost, isForFollower, type LeaderPost, type Post } from './post.ts'
import {
  copyServer,
  type Following,
  type HistoryJob,
  type Leading,
  newLeading,
  newServer,
  type ServerState,
  type Write,
} from './state.ts'
import { lastOf, names, summaryOf } from './transactions.ts'

/** More than this waits for no follower here. */
const heldBytesMax = 200

export interface WorldOptions {
  luck?: Luck
  mutation?: Mutation | null
  ledger?: Ledger
  /** Where it begins, if not with empty disks; they are copied when they change. */
  servers?: readonly ServerState[]
}

/**
 * What follows from an event: effects of the real machines are performed, on disks and links, and links end. `World` says which
 * events there are.
 *
 * Each side of a link has an end of its own, and what is on its way to a server lies with that server. So what one has
 * sent can arrive after it has crashed and come back.
 */
export class Mechanics {
  readonly size: number
  readonly ledger: Ledger
  readonly luck: Luck
  readonly mutation: Mutation | null
  /** Lines of what happened, for people; null where nobody reads them. */
  trace: string[] | null = null
  readonly counts = { commits: 0, reigns: 0, wipes: 0, crashes: 0, syncs: 0 }
  readonly #servers: ServerState[]
  /** Whether this world has a server for itself, or shares it with the one that it was copied from. */
  readonly #owned: boolean[]
  /** Numbers that were given out. */
  protected given = { attempts: 0, requests: 0 }

  constructor(size: number, options: WorldOptions = {}, copied?: Mechanics) {
    this.size = size
    this.luck = options.luck ?? noLuck
    this.mutation = options.mutation ?? null
    this.ledger = options.ledger ?? copied?.ledger.copy() ?? new Ledger(quorumSize(size))
    const given = options.servers ?? copied?.servers
    this.#servers = given?.slice() ?? Array.from({ length: size }, (_, i) => newServer(i + 1))
    this.#owned = new Array<boolean>(size).fill(given === undefined)
    if (copied === undefined) return
    this.given = { ...copied.given }
    copied.#owned.fill(false)
  }

  /** To look at. A server that changes becomes another object, unless this world was never copied. */
  get servers(): readonly ServerState[] {
    return this.#servers
  }

  look(id: number): ServerState {
    const server = this.#servers[id - 1]
    if (server === undefined) throw new Error(`no server ${id}`)
    return server
  }

  /** Leaves whatever it takes part in. */
  endAttempt(id: number, reason: string): void {
    this.post(id, { kind: 'stopLeading', reason })
    this.post(id, { kind: 'stopFollowing' })
  }

  note(id: number, what: string | (() => string)): void {
    this.trace?.push(`server ${id} ${typeof what === 'string' ? what : what()}`)
  }

  protected own(id: number): ServerState {
    const server = this.look(id)
    if (this.#owned[id - 1] === true) return server
    const own = copyServer(server)
    this.#servers[id - 1] = own
    this.#owned[id - 1] = true
    return own
  }

  protected amnesia(server: ServerState): Amnesia {
    return new Amnesia({ self: server.id, members: this.#servers.map(({ id }) => id) }, server.heard)
  }

  protected connect(server: ServerState, leader: number, attempt: number, recovered: boolean): void {
    const { durable, log } = server
    const facts: FollowerFacts = {
      leader,
      promisedEpoch: durable.promisedEpoch,
      promisedTo: this.mutation === 'same epoch counts twice' ? leader : durable.promisedTo,
      currentEpoch: durable.currentEpoch,
      ensembleId: durable.ensembleId,
      condition: this.#conditionOf(server),
      lastZxid: lastOf(log),
      summary: summaryOf(log),
      recovered,
    }
    const machine = new Follower(facts)
    const following: Following = {
      leader,
      attempt,
      facts,
      machine: machine.state,
      connected: true,
      down: [],
    }
    server.following = following
    this.post(leader, { kind: 'link', from: server.id })
    this.performAsFollower(server, following, machine.start())
  }

  #conditionOf({ durable }: ServerState): FollowerFacts['condition'] {
    const condition = conditionOf(durable)
    if (this.mutation === 'fresh counts' && condition === 'fresh') return 'provisional'
    if (this.mutation === 'fresh found beside provisional' && condition === 'provisional') return 'fresh'
    return condition
  }

  #leader(server: ServerState, leading: Leading): Leader {
    const options = {
      self: server.id,
      members: this.size,
      newEnsembleId: () => leading.attempt.toString(16).padStart(32, '0'),
      promisedElsewhere: () => {
        const told = this.#servers.map(({ durable }) => (this.luck.hasHeard() ? durable.promisedEpoch : 0))
        return Math.max(0, ...told)
      },
      heldBytesMax,
    }
    return new Leader(options, leading.machine)
  }

  /** The leader ends a link: what it had not read of it is lost, and its machine hears of the end in this turn. */
  protected closeUp(leader: number, follower: number): void {
    const server = this.own(leader)
    const { leading } = server
    if (leading === null) return
    this.endDown(follower, leading)
    this.gone(server, leading, follower)
  }

  protected gone(server: ServerState, leading: Leading, follower: number): void {
    if (!leading.links.delete(follower)) return
    leading.jobs = leading.jobs.filter((job) => job.to !== follower)
    this.stepLeader(server, leading, (machine) => machine.onGone(follower))
  }

  /** The end of a link is on its way to the follower, behind what was sent. */
  protected endDown(follower: number, leading: Leading): void {
    if (leading.links.get(follower)?.connected === true) this.post(follower, { kind: 'downEnd' })
  }

  /** All that one half of a server does to another. */
  protected post(to: number, post: Post): void {
    this.receive(to, post)
  }

  protected receive(to: number, post: Post): void {
    const server = this.own(to)
    if (isForFollower(post)) this.#receiveAsFollower(server, post)
    else this.#receiveAsLeader(server, post)
  }

  #receiveAsFollower(server: ServerState, post: FollowerPost): void {
    const { following } = server
    if (following === null) return
    switch (post.kind) {
      case 'down':
        following.down.push(post.message)
        return
      case 'downEnd':
        following.connected = false
        following.down.push(null)
        return
      case 'stopFollowing':
        return this.endFollowing(server)
    }
  }

  #receiveAsLeader(server: ServerState, post: LeaderPost): void {
    const { leading } = server
    switch (post.kind) {
      case 'link':
        return this.#acceptLink(server, post.from)
      case 'up':
        leading?.links.get(post.from)?.up.push(post.message)
        return
      case 'upEnd': {
        const link = leading?.links.get(post.from)
        if (link === undefined) return
        link.connected = false
        if (this.luck.lostOnTheWay()) link.up = []
        link.up.push(null)
        return
      }
      case 'syncAsked':
        leading?.syncs.set(post.request, post.needed)
        return
      case 'startLeading':
        server.leading = newLeading(post.attempt)
        return
      case 'stopLeading':
        return this.#stopLeading(server, post.reason)
      case 'serve':
        if (leading?.machine.phase === 'broadcast') leading.serving = true
    }
  }

  #stopLeading(server: ServerState, reason: string): void {
    const { id, leading } = server
    server.leading = null
    if (leading === null) return
    this.note(id, `leads no longer: ${reason}`)
    for (const follower of leading.links.keys()) if (follower !== id) this.endDown(follower, leading)
  }

  /** A follower comes; if it was here before, the leader learns of that only now, and may give up for it. */
  #acceptLink(server: ServerState, from: number): void {
    const { leading } = server
    if (leading?.links.has(from)) this.closeUp(server.id, from)
    if (leading === null || server.leading !== leading) return this.post(from, { kind: 'downEnd' })
    leading.links.set(from, { connected: true, up: [] })
  }

  /** A follower's attempt is over: the leader reads what is on its way, some time, and then the end. */
  protected endFollowing(server: ServerState): void {
    const { following } = server
    if (following === null) return
    server.following = null
    if (following.connected) this.post(following.leader, { kind: 'upEnd', from: server.id })
    // What the disk has begun may still be written; nobody hears of it.
    const left = server.writes.splice(0)
    for (const write of left.slice(0, this.luck.written(left.length))) this.perform(server, write)
    server.building = null
  }

  protected perform(server: ServerState, write: Write): void {
    const before = server.log
    performWrite(server, write, this.mutation)
    if (server.log !== before) this.ledger.checkLog(server, before, this.#servers)
    if (this.mutation === null) this.ledger.checkState(server)
  }

  protected mutated(message: FollowerMessage): FollowerMessage {
    const stale = this.mutation === 'stale history wins' && message.type === 'ackEpoch'
    return stale ? { ...message, currentEpoch: 0, lastZxid: 0 } : message
  }

  protected sendDown(leading: Leading, to: number, message: LeaderMessage): void {
    if (leading.links.get(to)?.connected === true) this.post(to, { kind: 'down', message })
  }

  protected sendUp(server: ServerState, following: Following, message: FollowerMessage): void {
    if (following.connected) this.post(following.leader, { kind: 'up', from: server.id, message })
  }

  protected performAsFollower(
    server: ServerState,
    following: Following,
    effects: readonly FollowerEffect[],
    snapshotOf?: number,
  ): void {
    for (const effect of effects) {
      if (server.following !== following) return
      this.#performOne(server, following, effect, snapshotOf)
    }
  }

  #performOne(
    server: ServerState,
    following: Following,
    effect: FollowerEffect,
    snapshotOf: number | undefined,
  ): void {
    switch (effect.kind) {
      case 'send':
        return this.sendUp(server, following, effect.message)
      case 'append':
        if (this.mutation === 'ack before durable') {
          server.writes.push({ ...effect, after: [] })
          return this.performAsFollower(server, following, effect.after)
        }
        server.writes.push(effect)
        return
      case 'commit':
        return this.ledger.checkKnown(server, effect.zxid)
      case 'serve':
        return this.post(server.id, { kind: 'serve' })
      case 'sendOwnHistory': {
        const job: HistoryJob = { to: following.leader, summary: effect.summary, upTo: lastOf(server.log) }
        for (const message of historyMessages(server.log, job, this.luck, snapshotOf)) {
          this.sendUp(server, following, message)
        }
        return this.sendUp(server, following, { type: 'historyEnd', lastZxid: job.upTo })
      }
      case 'leave':
        this.note(server.id, `leaves: ${effect.reason}`)
        return this.endAttempt(server.id, effect.reason)
      case 'synced':
      case 'message':
        return
      default:
        server.writes.push(effect)
    }
  }

  protected stepLeader(
    server: ServerState,
    leading: Leading,
    step: (machine: Leader) => LeaderEffect[],
  ): void {
    const machine = this.#leader(server, leading)
    for (const effect of step(machine)) {
      if (server.leading !== leading) return
      this.#performAsLeader(server, leading, machine, effect)
    }
  }

  #performAsLeader(server: ServerState, leading: Leading, machine: Leader, effect: LeaderEffect): void {
    switch (effect.kind) {
      case 'send':
        for (const to of effect.to) this.#sendAsLeader(server, leading, to, effect.message)
        return
      case 'sendHistory':
        leading.jobs.push({ to: effect.to, summary: effect.summary, upTo: effect.upTo })
        return
      case 'reign':
        this.counts.reigns++
        this.note(server.id, `establishes epoch ${effect.epoch} with ${names(leading.history ?? [])}`)
        this.ledger.establish(server.id, effect.epoch, leading.history ?? [])
        return this.noteCommit(server, leading)
      case 'confirmed':
        this.counts.syncs++
        return this.ledger.checkSync(server.id, machine.commitZxid, leading.syncs.get(effect.id) ?? 0)
      case 'drop':
        return this.closeUp(server.id, effect.server)
      case 'resign':
        return this.endAttempt(server.id, effect.reason)
    }
  }

  #sendAsLeader(server: ServerState, leading: Leading, to: number, message: LeaderMessage): void {
    if (to === server.id && message.type === 'newLeader') leading.history = server.log
    this.sendDown(leading, to, message)
    if (this.mutation === 'promises are not confirmed' && message.type === 'heartbeat') {
      // As if everybody answered at once, dead or alive.
      const answer = { type: 'heartbeatAck', round: message.round } as const
      this.stepLeader(server, leading, (machine) => machine.onMessage(to, answer))
    }
  }

  protected noteCommit(server: ServerState, leading: Leading): void {
    const { machine, history } = leading
    // What it commits with its last step, before it hands over, is committed.
    if ((machine.phase !== 'broadcast' && machine.phase !== 'over') || history === null) return
    const upTo = this.mutation === 'commit by one' ? lastOf(server.log) : machine.commitZxid
    const added = this.ledger.commit(server.id, history, upTo, this.#servers)
    this.counts.commits += added.length
    if (added.length > 0) this.note(server.id, `commits ${names(added)}`)
  }
}
