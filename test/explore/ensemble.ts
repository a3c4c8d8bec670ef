import { quorumSize } from '../../src/replication/quorum.ts'
import type { Event } from './actor.ts'
import type { Bounds } from './bounds.ts'
import { type Choice, costOf } from './choices.ts'
import type { Mark } from './marks.ts'
import type { Mutation } from './model/mutation.ts'
import { canPropose, copyServer, type ServerState } from './model/state.ts'
import { lastOf, type Transaction } from './model/transactions.ts'
import type { World } from './model/world.ts'
import type { Part, Parts, Past } from './parts.ts'
import type { View } from './view.ts'

/** An ensemble put together of parts. What happens is looked up there; what needs a view of all servers is checked here. */
export class Ensemble implements View {
  readonly size: number
  readonly servers: ServerState[] = []
  /** The halves that follow, then those that may lead. */
  readonly #parts: Part[] = []
  readonly #from: Parts
  readonly #bounds: Bounds
  readonly #mutation: Mutation | null
  /** How often servers had stood before the walk. */
  readonly #attempts: number
  #past: Past
  #wiped = 0

  constructor(from: Parts, start: World, bounds: Bounds) {
    this.size = start.size
    this.#from = from
    this.#bounds = bounds
    this.#mutation = start.mutation
    this.#attempts = start.attempts
    this.#past = from.pastOf(start.ledger.committed, start.ledger.epochs)
    for (const server of start.servers) {
      this.#parts[server.id - 1] = from.follower(copyServer(server))
      this.#parts[server.id - 1 + this.size] = from.leader(copyServer(server))
    }
    for (const { id } of start.servers) this.#join(id)
  }

  look(id: number): ServerState {
    const server = this.servers[id - 1]
    if (server === undefined) throw new Error(`no server ${id}`)
    return server
  }

  canPropose(id: number): boolean {
    return canPropose(this.look(id))
  }

  /** How many numbers a key has: of its parts, and of what is known outside. */
  get keyLength(): number {
    return 2 * this.size + 1
  }

  follower(id: number): Part {
    return this.#part(id - 1)
  }

  leader(id: number): Part {
    return this.#part(id - 1 + this.size)
  }

  #part(index: number): Part {
    const part = this.#parts[index]
    if (part === undefined) throw new Error(`no part ${index}`)
    return part
  }

  #join(id: number): void {
    const { state } = this.follower(id)
    const { leading } = this.leader(id).state
    this.servers[id - 1] = leading === null ? state : { ...state, leading }
  }

  get past(): Past {
    return this.#past
  }

  load(key: Int32Array): void {
    for (let i = 0; i < 2 * this.size; i++) this.#parts[i] = this.#from.part(key[i] ?? 0)
    for (let id = 1; id <= this.size; id++) this.#join(id)
    this.#past = this.#from.past(key[2 * this.size] ?? 0)
  }

  store(key: Int32Array): void {
    for (const [i, { number }] of this.#parts.entries()) key[i] = number
    key[2 * this.size] = this.#past.number
  }

  /** `left` is what was left before. */
  take(choice: Choice, left: Bounds): void {
    this.#wiped = this.#bounds.wipes - left.wipes + (costOf(choice) === 'wipes' ? 1 : 0)
    switch (choice.kind) {
      case 'stand': {
        const attempt = this.#attempts + this.#bounds.stands - left.stands + 1
        return this.#follow(choice.server, { kind: 'stand', attempt })
      }
      case 'join': {
        const attempt = this.look(choice.leader).leading?.attempt
        if (attempt === undefined) throw new Error(`server ${choice.leader} does not lead`)
        for (const from of choice.told) this.#hear(choice.server, from)
        return this.#follow(choice.server, { kind: 'join', leader: choice.leader, attempt })
      }
      case 'tell':
        return this.#hear(choice.to, choice.from)
      case 'cut': {
        if (choice.seenBy === 'follower') return this.#follow(choice.server, { kind: 'cutAsFollower' })
        const leader = this.look(choice.server).following?.leader
        if (leader === undefined) throw new Error(`server ${choice.server} follows nobody`)
        return this.#lead(leader, { kind: 'cutAsLeader', follower: choice.server })
      }
      case 'readUp':
      case 'loseRest':
      case 'sendHistory':
        return this.#lead(choice.leader, choice)
      case 'heartbeat':
      case 'propose':
      case 'cancelHandOver':
        return this.#lead(choice.server, choice)
      case 'stepDown':
        this.#lead(choice.server, { kind: 'receive', post: { kind: 'stopLeading', reason: 'it steps down' } })
        return this.#follow(choice.server, { kind: 'receive', post: { kind: 'stopFollowing' } })
      case 'sync': {
        const request = this.#bounds.syncs - left.syncs + 1
        return this.#follow(choice.server, { kind: 'sync', request, needed: lastOf(this.#past.committed) })
      }
      default:
        return this.#follow(choice.server, choice)
    }
  }

  /** Candidates whose rounds of heartbeats differ only in how many there were before (see `rounds.ts`). */
  forgetRounds(): void {
    for (const { id, leading } of this.servers) {
      if (leading?.machine.phase !== 'discovery') continue
      const { attempt } = leading
      const before = leading.machine.discovery.confirmRound
      if (before === 1 || before === Number.POSITIVE_INFINITY) continue
      const event: Event = { kind: 'forgetRounds', before, attempt }
      this.#lead(id, event)
      for (const server of this.servers)
        if (server.following?.attempt === attempt) this.#follow(server.id, event)
    }
  }

  #hear(id: number, from: number): void {
    this.#follow(id, { kind: 'hear', from, durable: this.look(from).durable })
  }

  #follow(id: number, event: Event, key = this.#from.keyOf(event)): void {
    this.#happen(id, id - 1, event, key, null)
  }

  #lead(id: number, event: Event, key = this.#from.keyOf(event)): void {
    this.#happen(id, id - 1 + this.size, event, key, this.#looksAtLog(id, event) ? this.look(id).log : null)
  }

  /** A leader looks at its log when it begins with a history or sends one. */
  #looksAtLog(id: number, { kind }: Event): boolean {
    if (kind === 'sendHistory' || this.#mutation === 'commit by one') return true
    const phase = this.look(id).leading?.machine.phase
    return (phase === 'discovery' || phase === 'adopting') && (kind === 'readUp' || kind === 'heartbeat')
  }

  #happen(id: number, index: number, event: Event, key: number, log: readonly Transaction[] | null): void {
    const part = this.#part(index)
    const step = this.#from.step(part, event, key, log)
    if (step.broken !== null) throw step.broken
    if (step.part !== part) {
      this.#parts[index] = step.part
      this.#join(id)
    }
    for (const mark of step.marks) this.#check(mark)
    for (const { to, event: received, key: itsKey, role } of step.posts) {
      if (role === 'follower') this.#follow(to, received, itsKey)
      else this.#lead(to, received, itsKey)
    }
  }

  #check({ check, fits }: Mark): void {
    const { committed, epochs } = this.#past
    if (fits?.has(committed)) return
    const ledger = this.#from.ledgerOf(this.#past, quorumSize(this.size), this.#wiped)
    check(ledger, this.servers)
    if (ledger.committed === committed && ledger.epochs === epochs) fits?.add(committed)
    else this.#past = this.#from.pastOf(ledger.committed, ledger.epochs)
  }
}
