import { assert, BrokenInvariant } from '../runtime/assert.ts'
import { AclList, readOnlyEntries } from './acl-table.ts'
import { Applier } from './apply.ts'
import type { ApplyListener } from './apply-listener.ts'
import { StateDigest } from './digest.ts'
import { type ExecuteSettings, usualExecuteSettings } from './execute/execute-settings.ts'
import { Executor, type TxnSink } from './execute/executor.ts'
import { plantInitialTree } from './initial-tree.ts'
import { OriginTable } from './origins.ts'
import { Overlay } from './overlay.ts'
import type { QuotaExcess } from './quota/quota-check.ts'
import { SessionTable } from './sessions.ts'
import { SnapshotError, SnapshotLoader } from './snapshot-load.ts'
import { SnapshotWalk } from './snapshot-walk.ts'
import { Tree } from './tree.ts'
import { follows, type Zxid } from './zxid.ts'

/**
 * Everything that all servers keep alike: nodes, sessions, how far each server's requests are done, and the answers kept
 * for exactly-once sessions. It changes by `apply` only. Knows nothing of time, input and output, or replication.
 */
export class ReplicatedState {
  readonly tree: Tree
  readonly sessions: SessionTable
  readonly origins: OriginTable
  readonly #digest = new StateDigest()
  readonly #applier: Applier
  readonly #settings: ExecuteSettings
  readonly #onQuotaExcess: (excess: QuotaExcess) => void
  #lastApplied: Zxid = 0
  /** While this server leads (and wherever requests are executed): the view that `execute` decides on. */
  #reign: { overlay: Overlay; executor: Executor } | null = null
  #walk: SnapshotWalk | null = null
  #membership: Buffer | null = null

  /** Settings matter where requests are executed; there, `onQuotaExcess` is told of each that leads beyond a limit. */
  constructor(
    settings: ExecuteSettings = usualExecuteSettings,
    onQuotaExcess: (excess: QuotaExcess) => void = () => {},
  ) {
    this.#settings = settings
    this.#onQuotaExcess = onQuotaExcess
    this.tree = new Tree(this.#digest)
    this.sessions = new SessionTable(this.#digest)
    this.origins = new OriginTable(this.#digest)
    this.#applier = new Applier(this.tree, this.sessions, this.origins)
    this.#plant()
  }

  get lastApplied(): Zxid {
    return this.#lastApplied
  }

  /** From here on, /zookeeper/config holds this text, whatever happens to the rest. */
  showMembership(text: string): void {
    this.#membership = Buffer.from(text)
    this.#showMembership()
  }

  /** Sixteen hexadecimal digits; equal states have equal ones, and different states differ but for chance. */
  digest(): string {
    this.tree.endRun()
    return this.#digest.toString()
  }

  /** The highest number done of the requests that `server` has forwarded since that start; 0 for none. */
  doneNumber(server: number, incarnation: number): number {
    return this.origins.doneNumber(server, incarnation)
  }

  /** From here to `endReign`, `execute` may be called. Everything committed must be applied. */
  beginReign(): void {
    this.endReign()
    const overlay = new Overlay(this.tree, this.sessions, this.origins)
    this.#reign = { overlay, executor: new Executor(overlay, this.#settings, this.#onQuotaExcess) }
  }

  /** Forgets what was proposed and not applied. */
  endReign(): void {
    this.#reign?.overlay.clear()
    this.#reign = null
  }

  /**
   * Decides about requests that server `from` sent (see `request.ts`), in order, on top of everything proposed in this
   * reign. Each becomes one transaction, or none when it was proposed before, or when the leader itself (number 0) asks
   * something for a session that is gone. Throws DecodeError for bytes that are no requests.
   */
  execute(from: number, requests: Buffer, stamp: { wallMs: number }, sink: TxnSink): void {
    assert(this.#reign !== null, 'execute: there is no reign')
    this.#reign.executor.execute(from, requests, stamp.wallMs, sink)
  }

  /**
   * Applies the next transaction of the history, which stands in `bytes` from `start` to `end`. It cannot fail: what it throws
   * is a broken invariant.
   */
  apply(zxid: Zxid, bytes: Buffer, listener: ApplyListener, start = 0, end = bytes.length): void {
    if (!follows(this.#lastApplied, zxid)) {
      throw outOfOrder(zxid, this.#lastApplied)
    }
    this.#applier.apply(zxid, bytes, start, end, listener)
    this.#lastApplied = zxid
    if (this.#reign !== null) this.#reign.overlay.dropThrough(zxid)
  }

  /** The state of an empty history. Not during a reign. A snapshot under way is given up. */
  reset(): void {
    this.#clear()
    this.#plant()
  }

  /**
   * Replaces the state by a snapshot's, checked against the digest in it. Not during a reign. Throws SnapshotError, and
   * is then the state of an empty history. Nothing may be applied until it is settled.
   */
  async load(chunks: AsyncIterable<Buffer>): Promise<void> {
    this.#clear()
    const loader = new SnapshotLoader(this, this.#digest)
    try {
      for await (const chunk of chunks) loader.feed(chunk)
      this.#lastApplied = loader.finish()
      this.#showMembership()
    } catch (error) {
      this.reset()
      throw error
    }
  }

  /**
   * The state as of `lastApplied` at the time of this call, in pieces of about 64 kB (or one node, if that is larger),
   * while transactions go on being applied. `pause` is awaited between pieces. One at a time: a new one ends one that is
   * under way, whose consumer gets a SnapshotError. Who gives it up before asking for the first piece has to say so, by
   * `endSnapshot`.
   */
  snapshot(pause: () => Promise<void>): AsyncGenerator<Buffer> {
    this.endSnapshot()
    const walk = new SnapshotWalk(this, { zxid: this.#lastApplied, digest: this.digest() })
    this.#walk = walk
    return piecesOf(walk, pause)
  }

  /** Nothing is kept for a snapshot any more; one that is under way is given up. */
  endSnapshot(): void {
    const walk = this.#walk
    this.#walk = null
    while (walk !== null && !walk.end());
  }

  #showMembership(): void {
    if (this.#membership !== null) this.tree.showMembership(this.#membership)
  }

  #clear(): void {
    assert(this.#reign === null, 'the state is replaced during a reign')
    this.#walk?.endWithTree()
    this.#walk = null
    this.tree.clear()
    this.sessions.clear()
    this.origins.clear()
    this.#digest.reset()
    this.#lastApplied = 0
  }

  #plant(): void {
    plantInitialTree(this.tree, new AclList(readOnlyEntries))
    this.#showMembership()
  }
}

/** Not put together where it is thrown, see `broken` in apply.ts. */
const outOfOrder = (zxid: Zxid, last: Zxid): BrokenInvariant =>
  new BrokenInvariant(`apply: ${zxid} does not follow ${last}`)

async function* piecesOf(walk: SnapshotWalk, pause: () => Promise<void>): AsyncGenerator<Buffer> {
  try {
    for (;;) {
      if (walk.ended)
        throw new SnapshotError('snapshot: given up, the state was replaced or another one began')
      const piece = walk.nextPiece()
      if (piece === null) return
      yield piece
      await pause()
    }
  } finally {
    while (!walk.end()) await pause()
  }
}
