import { conditionOf } from '../../../src/replication/condition.ts'
import { Follower } from '../../../src/replication/follower.ts'
import type { PeerStatus } from '../../../src/replication/messages.ts'
import type { DurableState } from '../../../src/storage/storage.ts'
import { epochOf, type Zxid, zxidOf } from '../../../src/tree/zxid.ts'
import { historyMessages } from './history-messages.ts'
import { inWords } from './in-words.ts'
import { Mechanics } from './mechanics.ts'
import type { Mutation } from './mutation.ts'
import { canPropose, emptyDisk } from './state.ts'
import { lastOf, names, newTransaction, recordsOf, type Transaction } from './transactions.ts'

/**
 * A few servers with their disks and the links between them, around the real `Leader`, `Follower` and `Amnesia`. Every method is
 * one event: nothing happens unless it is called, and anything may happen at any time.
 */
export class World extends Mechanics {
  /** Both go on by themselves; what neither has changed since is shared. */
  copy(mutation: Mutation | null = this.mutation): World {
    return new World(this.size, { luck: this.luck, mutation }, this)
  }

  /** Followers of which a leader has something to read. */
  waiting(id: number): number[] {
    const { leading } = this.look(id)
    return leading === null
      ? []
      : [...leading.links].filter(([, { up }]) => up.length > 0).map(([from]) => from)
  }

  // --- attempts

  /** How often anybody has stood. */
  get attempts(): number {
    return this.given.attempts
  }

  stand(id: number): void {
    this.note(id, 'stands for leader')
    this.endAttempt(id, 'it stands')
    const server = this.own(id)
    const attempt = ++this.given.attempts
    this.post(id, { kind: 'startLeading', attempt })
    this.connect(server, id, attempt, false)
  }

  join(id: number, leader: number): void {
    const { leading } = this.look(leader)
    if (leading !== null && id !== leader) this.joinAttempt(id, leader, leading.attempt)
  }

  protected joinAttempt(id: number, leader: number, attempt: number): void {
    this.note(id, `joins server ${leader}`)
    this.endAttempt(id, 'it joins another')
    const server = this.own(id)
    const { promisedEpoch } = this.amnesia(server)
    const fresh = conditionOf(server.durable) === 'fresh'
    const ruled = this.mutation !== 'no amnesia rule'
    if (fresh && ruled && promisedEpoch !== null && promisedEpoch > server.durable.promisedEpoch) {
      server.durable = { ...server.durable, promisedEpoch, promisedTo: null }
    }
    this.connect(server, leader, attempt, (fresh && promisedEpoch !== null) || !ruled)
  }

  /** `from` tells what it has promised; a server that remembers by itself does not listen. */
  tell(from: number, to: number): void {
    const { durable } = this.look(from)
    if (from !== to) this.hear(to, from, durable)
  }

  protected hear(to: number, from: number, durable: DurableState): void {
    const server = this.own(to)
    if (conditionOf(server.durable) !== 'fresh') return
    const told = { promisedEpoch: durable.promisedEpoch, condition: conditionOf(durable) }
    this.note(from, `tells server ${to} that it has promised epoch ${told.promisedEpoch}`)
    this.amnesia(server).hear(new Map([[from, told as PeerStatus]]))
  }

  // --- faults

  crash(id: number, what: 'process' | 'disk' = 'process'): void {
    this.note(id, what === 'disk' ? 'crashes and loses its disk' : 'crashes')
    this.endAttempt(id, 'it crashes')
    const server = this.own(id)
    this.counts.crashes++
    if (what === 'disk') {
      this.counts.wipes++
      this.ledger.wiped++
      server.durable = emptyDisk
      server.log = []
    }
    server.building = null
    server.heard.clear()
  }

  /** The link between a follower and its leader breaks, and one of them is the first to see it. */
  cut(id: number, seenBy: 'follower' | 'leader'): void {
    const { following } = this.look(id)
    if (following === null || following.leader === id) return
    this.note(id, `loses its link to server ${following.leader}; the ${seenBy} sees it first`)
    if (seenBy === 'follower') this.endFollowing(this.own(id))
    else if (following.connected) this.closeUp(following.leader, id)
  }

  /** The leader reads the end of a link that is gone, and nothing that was on its way before it. */
  loseRest(leader: number, follower: number): void {
    const link = this.own(leader).leading?.links.get(follower)
    if (link === undefined || link.connected) return
    link.up = [null]
    this.deliverUp(leader, follower)
  }

  // --- what is on its way

  /** A server reads the next message of its leader. If that fetches its history, `luck` chooses how it is sent, unless told. */
  deliverDown(id: number, snapshotOf?: number): void {
    const server = this.own(id)
    const { following } = server
    const message = following?.down.shift()
    if (following === null || message === undefined) return
    if (message === null) {
      this.endAttempt(id, 'its link has ended')
      return
    }
    this.note(id, () => `reads ${inWords(message)}`)
    const machine = new Follower(following.facts, following.machine)
    this.performAsFollower(server, following, machine.onMessage(message), snapshotOf)
  }

  /** A leader reads the next message of a follower. */
  deliverUp(id: number, from: number): void {
    const server = this.own(id)
    const { leading } = server
    const message = leading?.links.get(from)?.up.shift()
    if (leading === null || message === undefined) return
    if (message === null) {
      this.note(id, `sees that server ${from} is gone`)
      this.gone(server, leading, from)
    } else {
      this.note(id, () => `reads of server ${from}: ${inWords(message)}`)
      this.stepLeader(server, leading, (machine) => machine.onMessage(from, this.mutated(message)))
    }
    if (server.leading === leading) this.stepLeader(server, leading, (machine) => machine.flush())
    this.noteCommit(server, leading)
  }

  /** The disk performs the next write, and what hangs on it happens. */
  write(id: number): void {
    const server = this.own(id)
    const write = server.writes.shift()
    if (write === undefined) return
    this.note(id, () => `has on disk: ${inWords(write)}`)
    this.perform(server, write)
    const { following } = server
    if (following !== null && 'after' in write) this.performAsFollower(server, following, write.after)
  }

  /** The leader sends the next history that it owes, once its own disk holds all of it; `luck` chooses how, unless told. */
  sendHistory(id: number, snapshotOf?: number): void {
    const server = this.own(id)
    const { leading } = server
    const job = leading?.jobs[0]
    if (leading === null || job === undefined || lastOf(server.log) < job.upTo) return
    leading.jobs.shift()
    this.note(id, `sends its history to server ${job.to}${snapshotOf === undefined ? '' : ', in full'}`)
    for (const message of historyMessages(server.log, job, this.luck, snapshotOf)) {
      this.sendDown(leading, job.to, message)
    }
    this.stepLeader(server, leading, (machine) => machine.onHistorySent(job.to, job.upTo))
  }

  heartbeat(id: number): void {
    const server = this.own(id)
    const { leading } = server
    if (leading === null) return
    this.note(id, 'has a heartbeat due')
    this.stepLeader(server, leading, (machine) => machine.onHeartbeat())
  }

  // --- requests

  propose(id: number): void {
    const server = this.own(id)
    const { leading } = server
    if (leading === null || !this.canPropose(id)) return
    const { epoch } = leading.machine.discovery
    const added: Transaction[] = []
    let zxid = leading.machine.proposedZxid
    for (let count = this.luck.batch(); count > 0; count--) {
      zxid = epochOf(zxid) === epoch ? zxid + 1 : zxidOf(epoch, 1)
      added.push(newTransaction(zxid, `${id}:${epoch}.${zxid % 2 ** 32}`))
    }
    this.note(id, `proposes ${names(added)}`)
    leading.history = [...(leading.history ?? []), ...added]
    this.stepLeader(server, leading, (machine) => machine.onProposals(recordsOf(added), zxid))
  }

  canPropose(id: number): boolean {
    return canPropose(this.look(id))
  }

  /** A server in step asks its leader for the crown; one with a lower id is not heard. */
  askCrown(id: number): void {
    const server = this.own(id)
    const { following } = server
    if (following?.machine.stage !== 'following' || !following.connected) return
    this.note(id, `asks server ${following.leader} for the crown`)
    this.sendUp(server, following, { type: 'crown' })
  }

  /** A hand-over takes too long: the leader goes on. */
  cancelHandOver(id: number): void {
    const server = this.own(id)
    const { leading } = server
    if (leading === null || leading.machine.successor === null) return
    this.note(id, 'goes on leading')
    this.stepLeader(server, leading, (machine) => {
      machine.cancelHandOver()
      return []
    })
  }

  /** A server asks its leader for a `sync`. */
  askSync(id: number): void {
    const { following } = this.look(id)
    if (following?.machine.stage !== 'following' || !following.connected) return
    this.askSyncOf(id, ++this.given.requests, lastOf(this.ledger.committed))
  }

  protected askSyncOf(id: number, request: number, needed: Zxid): void {
    const server = this.own(id)
    const { following } = server
    if (following === null) return
    this.note(id, 'asks for a sync')
    this.post(following.leader, { kind: 'syncAsked', request, needed })
    this.sendUp(server, following, { type: 'sync', id: request })
  }
}
