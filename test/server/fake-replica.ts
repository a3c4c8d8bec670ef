import type { ReplicaStatus } from '../../src/replication/replica-config.ts'
import type { StateMachine } from '../../src/replication/state-machine.ts'
import type { ReplicaLink } from '../../src/server/client-side.ts'
import { zxidOf } from '../../src/tree/zxid.ts'

interface Target {
  readonly tree: StateMachine
  onServing(reign: { leading: boolean }): void
  onAdrift(leaderlessMs: number): void
  onMessage(message: Buffer): void
}

/**
 * An ensemble of one that leads, by hand: what is sent is executed at once, and applied when the test says so. It loses
 * what real ones lose when a reign ends.
 */
export class FakeReplica implements ReplicaLink {
  readonly #serverId: number
  target: Target | null = null
  serving = false
  leading = false
  cutOff = false
  epoch = 0
  /** Every batch of requests that came. */
  readonly sent: Buffer[] = []
  readonly messages: Buffer[] = []
  /** Requests and messages are lost on their way. */
  losing = false
  /** What is proposed is applied at once. */
  committing = true
  #counter = 0
  #proposed: { zxid: number; txn: Buffer }[] = []
  #syncs: (() => void)[] = []
  holdsSyncs = false

  constructor(serverId: number) {
    this.#serverId = serverId
  }

  get #tree(): StateMachine {
    if (this.target === null) throw new Error('the replica has no target')
    return this.target.tree
  }

  /** A reign begins, led by this server. */
  lead(): void {
    this.epoch++
    this.#counter = 0
    this.serving = true
    this.leading = true
    this.#tree.beginReign(this.epoch)
    this.target?.onServing({ leading: true })
  }

  /** The reign ends; what was proposed and not applied is gone. */
  adrift(leaderlessMs = 0): void {
    if (this.leading) this.#tree.endReign()
    this.serving = false
    this.leading = false
    this.#proposed = []
    this.target?.onAdrift(leaderlessMs)
  }

  sendRequests(requests: Buffer): void {
    if (!this.serving) return
    this.sent.push(requests)
    if (this.losing) return
    this.execute(this.#serverId, requests)
  }

  execute(from: number, requests: Buffer): void {
    const proposed = this.#proposed
    const zxid = (): number => zxidOf(this.epoch, this.#counter + 1)
    const counted = (): void => {
      this.#counter++
    }
    this.#tree.execute(from, requests, {
      get nextZxid() {
        return zxid()
      },
      propose(bytes, start, end) {
        proposed.push({ zxid: zxid(), txn: Buffer.from(bytes.subarray(start, end)) })
        counted()
      },
    })
    if (this.committing) this.commit()
  }

  /** Applies what is proposed: all of it, or so many. */
  commit(count = this.#proposed.length): void {
    const batch = this.#proposed.splice(0, count)
    for (const { zxid, txn } of batch) this.#tree.apply(zxid, txn, 0, txn.length)
    this.#tree.applied()
  }

  /** What is proposed and not applied. */
  get pending(): number {
    return this.#proposed.length
  }

  sendMessage(message: Buffer): void {
    if (!this.serving) return
    this.messages.push(message)
    if (!this.losing) this.#tree.onMessage(this.#serverId, message)
  }

  readonly toOthers: { server: number; message: Buffer }[] = []

  messageTo(server: number, message: Buffer): void {
    if (server === this.#serverId) this.target?.onMessage(message)
    else this.toOthers.push({ server, message })
  }

  isCutOff(): boolean {
    return this.cutOff
  }

  sync(done: () => void): void {
    if (this.holdsSyncs) this.#syncs.push(done)
    else done()
  }

  releaseSyncs(): void {
    for (const done of this.#syncs.splice(0)) done()
  }

  status(): ReplicaStatus {
    return {
      state: this.leading ? 'leading' : this.serving ? 'following' : 'looking',
      serving: this.serving,
      leader: this.serving ? this.#serverId : null,
      epoch: this.epoch,
      promisedEpoch: this.epoch,
      lastZxid: this.#tree.lastApplied,
      commitZxid: this.#tree.lastApplied,
      appliedZxid: this.#tree.lastApplied,
      waitingFor: null,
      followers: 0,
      syncedFollowers: 0,
      quorumSize: 1,
      proposalBytes: { last: 70, min: 60, max: 80 },
      refusedConnections: 0,
    }
  }
}
