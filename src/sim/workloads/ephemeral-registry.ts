import type { EphemeralRecord, SessionRecord } from '../checkers/ephemerals.ts'
import type { Violation } from '../checkers/violation.ts'

/** What all clients of a workload together know of its sessions and of their ephemeral nodes. */
export class EphemeralRegistry {
  readonly sessions: SessionRecord[] = []
  readonly nodes = new Map<string, EphemeralRecord>()
  /** What is wrong at sight. */
  readonly found: Violation[] = []
  /** Created, as is known, and not seen to be gone. */
  readonly #standing = new Set<EphemeralRecord>()
  #operations = 0

  get operationCount(): number {
    return this.#operations
  }

  countOperation(): void {
    this.#operations++
  }

  begin(id: number, timeoutMs: number): SessionRecord {
    const never = Number.POSITIVE_INFINITY
    const session: SessionRecord = {
      id,
      timeoutMs,
      lastWriteCalledUs: Number.NEGATIVE_INFINITY,
      closeCalledUs: never,
      closedUs: never,
      expiredUs: never,
      standstillUs: 0,
    }
    this.sessions.push(session)
    return session
  }

  /** A creation is called. */
  expect(path: string, sessionId: number): EphemeralRecord {
    const never = Number.POSITIVE_INFINITY
    const node: EphemeralRecord = {
      path,
      sessionId,
      createdUs: never,
      deleteCalledUs: never,
      deletedUs: never,
      missingUs: never,
      missingToOwnerUs: never,
      presentUs: Number.NEGATIVE_INFINITY,
    }
    this.nodes.set(path, node)
    return node
  }

  created(node: EphemeralRecord, atUs: number): void {
    node.createdUs = atUs
    this.#standing.add(node)
  }

  /** The paths that a look behind a `sync` has shown: all that was created before it and not removed since has to be there. */
  seen(paths: ReadonlySet<string>, calledUs: number, returnedUs: number): void {
    for (const path of paths) {
      const node = this.nodes.get(path)
      if (node !== undefined) node.presentUs = Math.max(node.presentUs, calledUs)
    }
    for (const node of this.#standing) {
      if (node.createdUs >= calledUs || paths.has(node.path)) continue
      node.missingUs = Math.min(node.missingUs, returnedUs)
      this.#standing.delete(node)
    }
  }

  /** Its own session asked for the deletion, for the first time, and was told that there is no such node. */
  lostBeforeDeletion(node: EphemeralRecord, atUs: number): void {
    this.found.push({
      rule: 'ephemerals: a session that is answered has its nodes',
      problem: `${node.path} was created at ${node.createdUs / 1000} ms; its session ${node.sessionId} deleted it once, and was told at ${atUs / 1000} ms that there is no such node`,
    })
  }

  /** The stat of a node names a session as its owner. */
  ownedBy(path: string, owner: number, expected: number): void {
    if (owner === expected) return
    this.found.push({
      rule: 'ephemerals: a node belongs to the session that made it',
      problem: `${path} was made in session ${expected}, and its owner is session ${owner}`,
    })
  }
}
