import { quorumSize } from '../../src/replication/quorum.ts'
import type { DurableState } from '../../src/storage/storage.ts'
import type { Zxid } from '../../src/tree/zxid.ts'
import { type Mark, MarkingLedger } from './marks.ts'
import type { Mutation } from './model/mutation.ts'
import { isForFollower, type Post } from './model/post.ts'
import { newServer, type ServerState } from './model/state.ts'
import { World } from './model/world.ts'
import { forgetRoundsBefore } from './rounds.ts'

/** A server follows, which has all to do with its disk, and may lead beside it. */
export type Role = 'follower' | 'leader'

/**
 * What can happen at one half of a server. With what it is told of the rest here, an event needs to look at nothing else: so
 * what comes of it follows from this half alone.
 */
export type Event =
  | { kind: 'stand'; attempt: number }
  | { kind: 'join'; leader: number; attempt: number }
  | { kind: 'hear'; from: number; durable: DurableState }
  | { kind: 'crash'; what: 'process' | 'disk' }
  | { kind: 'cutAsFollower' }
  | { kind: 'cutAsLeader'; follower: number }
  | { kind: 'loseRest'; follower: number }
  | { kind: 'readDown'; full: boolean }
  | { kind: 'readUp'; follower: number }
  | { kind: 'write' }
  | { kind: 'sendHistory'; full: boolean }
  | { kind: 'heartbeat' }
  | { kind: 'propose' }
  | { kind: 'sync'; request: number; needed: Zxid }
  | { kind: 'crown' }
  | { kind: 'cancelHandOver' }
  | { kind: 'receive'; post: Post }
  /** Not in the world: rounds of heartbeats that make no difference are forgotten. */
  | { kind: 'forgetRounds'; before: number; attempt: number }

export interface Outcome {
  state: ServerState
  posts: { to: number; post: Post }[]
  marks: Mark[]
}

/** Lets one event happen at one half of a server, over the real machines, apart from all others. */
export function happen(
  size: number,
  mutation: Mutation | null,
  role: Role,
  state: ServerState,
  event: Event,
): Outcome {
  const actor = new Actor(size, mutation, role, state)
  actor.happen(event)
  return { state: actor.look(state.id), posts: actor.posts, marks: actor.marks }
}

class Actor extends World {
  readonly posts: { to: number; post: Post }[] = []
  readonly marks: Mark[]
  readonly #self: number
  readonly #role: Role

  constructor(size: number, mutation: Mutation | null, role: Role, state: ServerState) {
    const ledger = new MarkingLedger(quorumSize(size))
    const servers = Array.from({ length: size }, (_, i) => (i + 1 === state.id ? state : newServer(i + 1)))
    super(size, { mutation, ledger, servers })
    this.marks = ledger.marks
    this.#self = state.id
    this.#role = role
  }

  protected override post(to: number, post: Post): void {
    const role = isForFollower(post) ? 'follower' : 'leader'
    if (to === this.#self && role === this.#role) super.post(to, post)
    else this.posts.push({ to, post })
  }

  happen(event: Event): void {
    const self = this.#self
    switch (event.kind) {
      case 'stand':
        this.given.attempts = event.attempt - 1
        return this.stand(self)
      case 'join':
        return this.joinAttempt(self, event.leader, event.attempt)
      case 'hear':
        return this.hear(self, event.from, event.durable)
      case 'crash':
        return this.crash(self, event.what)
      case 'cutAsFollower':
        return this.cut(self, 'follower')
      case 'cutAsLeader':
        return this.closeUp(self, event.follower)
      case 'loseRest':
        return this.loseRest(self, event.follower)
      case 'readDown':
        return event.full ? this.deliverDown(self, 1) : this.deliverDown(self)
      case 'readUp':
        return this.deliverUp(self, event.follower)
      case 'write':
        return this.write(self)
      case 'sendHistory':
        return event.full ? this.sendHistory(self, 1) : this.sendHistory(self)
      case 'heartbeat':
        return this.heartbeat(self)
      case 'propose':
        return this.propose(self)
      case 'sync':
        return this.askSyncOf(self, event.request, event.needed)
      case 'crown':
        return this.askCrown(self)
      case 'cancelHandOver':
        return this.cancelHandOver(self)
      case 'receive':
        return this.receive(self, event.post)
      case 'forgetRounds':
        return forgetRoundsBefore(this.own(self), event.before, event.attempt)
    }
  }
}
