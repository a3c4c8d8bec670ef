import type { Operation } from './operation.ts'
import type { Violation } from './violation.ts'

/** A client saw that its lock node is the lowest. The operation is the look at the queue, and the `sync` before it if any. */
export interface Grant {
  /** The czxid of the lock node. */
  token: number
  /** The number that the servers appended to the lock node's name. */
  sequence: number
  /** The session that the servers name as the lock node's owner. */
  owner: number
  /** Whether a `sync` went before the look. */
  synced: boolean
}

/** A write to the znode that is protected by the lock. It carries the writer's token. */
export interface FencedWrite {
  token: number
  /** Made together with a check that the writer's lock node is still there. */
  guarded: boolean
  /** The version that the znode was to have. */
  version: number
}

/** What locks with fencing have shown. */
export interface LockHistory {
  grants: readonly Operation<Grant, null>[]
  writes: readonly Operation<FencedWrite, { version: number; zxid: number }>[]
  /** Looks at the protected znode: whose token it held, at which version. */
  reads: readonly Operation<null, { token: number; version: number }>[]
  /** Tokens that the resource outside of the ensemble has accepted, in that order. */
  accepted: readonly number[]
}

/**
 * What a lock with fencing promises.
 *
 * A holder may be the last to hear that its session is over, so that two clients may believe at one time that they hold the
 * lock. What must never be: that the ensemble takes the lock node of the older one for living after a newer one was granted
 * the lock, or that a write with an older token succeeds behind one with a newer token.
 */
export function checkLocks(history: LockHistory): Violation[] {
  return [
    ...checkTokens(history.grants),
    ...checkSyncedGrants(history.grants),
    ...checkGuardedWrites(history),
    ...checkWriteOrder(history.writes),
    ...checkReads(history),
    ...checkAccepted(history.accepted),
  ]
}

type GrantOperation = LockHistory['grants'][number]

function* checkTokens(grants: LockHistory['grants']): Generator<Violation> {
  for (const grant of grants) {
    if (grant.input.owner !== grant.sessionId) {
      yield {
        rule: 'lock: the lock node belongs to its session',
        problem: `${told(grant)}: its owner is session ${grant.input.owner}`,
      }
    }
  }
  const byToken = [...grants].sort((a, b) => a.input.token - b.input.token)
  for (const [before, after] of pairs(byToken)) {
    if (before.input.token === after.input.token) {
      yield {
        rule: 'lock: a token is granted once',
        problem: `${told(before)}, and ${told(after)}`,
      }
    } else if (before.input.sequence >= after.input.sequence) {
      yield {
        rule: 'lock: numbers of sequential nodes rise with their czxid',
        problem: `${told(before)}, and ${told(after)}`,
      }
    }
  }
}

/** A look behind a `sync` shows all that anybody was shown before, so its grant is newer. */
function* checkSyncedGrants(grants: LockHistory['grants']): Generator<Violation> {
  const seen = new NewestSeen(grants)
  for (const grant of inCallOrder(grants)) {
    if (!grant.input.synced) continue
    const newest = seen.before(grant.calledUs)
    if (newest !== null && newest.input.token > grant.input.token) {
      yield {
        rule: 'lock: tokens rise from grant to grant',
        problem: `${told(newest)}; after that ${told(grant)}, behind a sync`,
      }
    }
  }
}

/** A lock node that a newer holder was shown to be gone is gone. */
function* checkGuardedWrites({ grants, writes }: LockHistory): Generator<Violation> {
  const seen = new NewestSeen(grants)
  for (const write of inCallOrder(writes)) {
    if (!write.input.guarded || write.outcome.kind !== 'ok') continue
    const newest = seen.before(write.calledUs)
    if (newest !== null && newest.input.token > write.input.token) {
      yield {
        rule: 'lock: one living holder',
        problem:
          `${told(newest)}; after that client ${write.client} wrote with token ${write.input.token}, called at ` +
          `${ms(write.calledUs)} and together with a check that its lock node exists, and it succeeded`,
      }
    }
  }
}

/** In the order of versions, tokens never fall and zxids rise. */
function* checkWriteOrder(writes: LockHistory['writes']): Generator<Violation> {
  const done: { client: number; token: number; version: number; zxid: number }[] = []
  for (const { client, input, outcome } of writes) {
    if (outcome.kind !== 'ok') continue
    done.push({ client, token: input.token, ...outcome.output })
    if (outcome.output.version !== input.version + 1) {
      yield {
        rule: 'lock: a write that asks for a version makes the next one',
        problem: `client ${client} asked for version ${input.version} and made version ${outcome.output.version}`,
      }
    }
  }
  done.sort((a, b) => a.version - b.version)
  for (const [before, after] of pairs(done)) {
    const both =
      `client ${before.client} with token ${before.token} made version ${before.version} (zxid ${before.zxid}), ` +
      `client ${after.client} with token ${after.token} made version ${after.version} (zxid ${after.zxid})`
    if (before.version === after.version) yield { rule: 'lock: a version is made once', problem: both }
    else if (before.zxid >= after.zxid) yield { rule: 'lock: versions rise with zxids', problem: both }
    else if (before.token > after.token) {
      yield { rule: 'lock: no older token behind a newer one', problem: both }
    }
  }
}

function* checkReads({ reads, writes }: LockHistory): Generator<Violation> {
  const tokens = new Map<number, number>()
  for (const { input, outcome } of writes) {
    if (outcome.kind === 'ok') tokens.set(outcome.output.version, input.token)
  }
  for (const { client, outcome } of reads) {
    if (outcome.kind !== 'ok') continue
    const { version, token } = outcome.output
    const written = tokens.get(version)
    if (written !== undefined && written !== token) {
      yield {
        rule: 'lock: what is read was written',
        problem: `client ${client} read token ${token} at version ${version}, which was written with token ${written}`,
      }
    }
  }
}

function* checkAccepted(accepted: readonly number[]): Generator<Violation> {
  for (const [before, after] of pairs(accepted)) {
    if (before > after) {
      yield {
        rule: 'lock: the resource refuses older tokens',
        problem: `it accepted token ${after} behind token ${before}`,
      }
    }
  }
}

/** Which grant of the highest token had been seen at a moment. Asked for moments that only grow. */
class NewestSeen {
  readonly #byReturn: readonly GrantOperation[]
  #next = 0
  #newest: GrantOperation | null = null

  constructor(grants: LockHistory['grants']) {
    this.#byReturn = [...grants].sort((a, b) => a.returnedUs - b.returnedUs)
  }

  before(us: number): GrantOperation | null {
    for (;;) {
      const grant = this.#byReturn[this.#next]
      if (grant === undefined || grant.returnedUs >= us) return this.#newest
      this.#next++
      if (this.#newest === null || grant.input.token > this.#newest.input.token) this.#newest = grant
    }
  }
}

function inCallOrder<O extends { calledUs: number }>(operations: readonly O[]): O[] {
  return [...operations].sort((a, b) => a.calledUs - b.calledUs)
}

function* pairs<T>(items: readonly T[]): Generator<[T, T]> {
  let before: T | undefined
  for (const item of items) {
    if (before !== undefined) yield [before, item]
    before = item
  }
}

function told({ client, sessionId, returnedUs, input }: GrantOperation): string {
  return `client ${client} in session ${sessionId} saw token ${input.token} (node ${input.sequence}) granted at ${ms(returnedUs)}`
}

const ms = (us: number): string => `${us / 1000} ms`
