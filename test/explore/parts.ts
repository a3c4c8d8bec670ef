import { type Event, happen, type Outcome, type Role } from './actor.ts'
import { isFinding } from './finding.ts'
import { addConstant, addNumber, begin, Fingerprint, finish } from './fingerprint.ts'
import type { Mark } from './marks.ts'
import { Ledger } from './model/ledger.ts'
import type { Mutation } from './model/mutation.ts'
import { isForFollower } from './model/post.ts'
import { newServer, type ServerState } from './model/state.ts'
import type { Transaction } from './model/transactions.ts'
import { everyPermutation, type Permutation, renameServer, renameTransactions } from './rename.ts'
import { forgetRounds } from './rounds.ts'
import { settle } from './settled.ts'
import { printOfServer, signatureOf } from './state-print.ts'

/** Half of a server as it may be, with what is on its way to it: made once, and never changed. */
export class Part {
  readonly number: number
  readonly role: Role
  /** The other half of it is empty. */
  readonly state: ServerState
  /** Equal for servers that differ in ids alone. */
  readonly signature: number
  /** What comes of each event here, as far as it was asked. */
  readonly steps = new Map<number, Step>()
  /** The same with other ids, by permutation. */
  readonly renamed: (Part | undefined)[] = []

  constructor(number: number, role: Role, state: ServerState) {
    this.number = number
    this.role = role
    this.state = state
    this.signature = signatureOf(state)
  }
}

/** What comes of one event. */
export interface Step {
  part: Part
  posts: { to: number; key: number; event: Event; role: Role }[]
  marks: Mark[]
  broken: Error | null
}

/** What is known outside of the servers: made once, and never changed. */
export class Past {
  readonly number: number
  readonly committed: readonly Transaction[]
  readonly epochs: readonly number[]
  readonly renamed: (Past | undefined)[] = []

  constructor(number: number, committed: readonly Transaction[], epochs: readonly number[]) {
    this.number = number
    this.committed = committed
    this.epochs = epochs
  }
}

export interface PartsOptions {
  size: number
  mutation: Mutation | null
  /** Nobody will ask for a `sync`: rounds of heartbeats behind the discovery are forgotten. */
  forgetsRounds: boolean
}

/**
 * The parts that states consist of. A few hundred thousand different servers make up many millions of ensembles, so what
 * happens at a server is worked out once, by the real machines, and looked up from then on.
 */
export class Parts {
  readonly permutations: readonly Permutation[]
  readonly #options: PartsOptions
  readonly #parts: Part[] = []
  readonly #partByPrint = new Map<string, Part>()
  readonly #pasts: Past[] = []
  readonly #pastByPrint = new Map<string, Past>()
  /** Numbers of what holds more than an event's key has room for. */
  readonly #numbers = new Map<string, number>()
  readonly #logNumbers = new WeakMap<readonly Transaction[], number>()

  constructor(options: PartsOptions) {
    this.#options = options
    this.permutations = everyPermutation(options.size)
  }

  get size(): number {
    return this.#parts.length
  }

  part(number: number): Part {
    const part = this.#parts[number]
    if (part === undefined) throw new Error(`no part ${number}`)
    return part
  }

  past(number: number): Past {
    const past = this.#pasts[number]
    if (past === undefined) throw new Error(`no past ${number}`)
    return past
  }

  /** The two halves of a server, which is not to be changed from now on. */
  follower(server: ServerState): Part {
    return this.#partOf('follower', { ...server, leading: null })
  }

  leader({ id, leading }: ServerState): Part {
    return this.#partOf('leader', { ...newServer(id), leading })
  }

  #partOf(role: Role, state: ServerState): Part {
    if (this.#options.forgetsRounds) forgetRounds(state)
    const { a, b } = printOfServer(state)
    const print = `${role} ${state.id} ${a} ${b}`
    let part = this.#partByPrint.get(print)
    if (part === undefined) {
      settle(this.#options.size, state)
      part = new Part(this.#parts.length, role, state)
      this.#parts.push(part)
      this.#partByPrint.set(print, part)
    }
    return part
  }

  pastOf(committed: readonly Transaction[], epochs: readonly number[]): Past {
    const print = `${committed.map(({ zxid, name }) => `${zxid} ${name}`).join()} ${epochs.join()}`
    let past = this.#pastByPrint.get(print)
    if (past === undefined) {
      past = new Past(this.#pasts.length, committed, epochs)
      this.#pasts.push(past)
      this.#pastByPrint.set(print, past)
    }
    return past
  }

  ledgerOf({ committed, epochs }: Past, quorum: number, wiped: number): Ledger {
    const ledger = new Ledger(quorum)
    Object.assign(ledger, { committed, epochs, wiped })
    return ledger
  }

  renamed(part: Part, permutation: Permutation): Part {
    let renamed = part.renamed[permutation.number]
    if (renamed === undefined) {
      renamed = this.#partOf(part.role, renameServer(part.state, permutation))
      part.renamed[permutation.number] = renamed
    }
    return renamed
  }

  renamedPast(past: Past, permutation: Permutation): Past {
    let renamed = past.renamed[permutation.number]
    if (renamed === undefined) {
      renamed = this.pastOf(renameTransactions(past.committed, permutation), past.epochs)
      past.renamed[permutation.number] = renamed
    }
    return renamed
  }

  /** `log`: of its own server, where a leader looks at it. */
  step(part: Part, event: Event, key: number, log: readonly Transaction[] | null): Step {
    const whole = log === null ? key : key + (this.#logNumber(log) + 1) * logsFrom
    let step = part.steps.get(whole)
    if (step === undefined) {
      step = this.#work(part, event, log)
      part.steps.set(whole, step)
    }
    return step
  }

  #work(part: Part, event: Event, log: readonly Transaction[] | null): Step {
    const { size, mutation } = this.#options
    const state = log === null ? part.state : { ...part.state, log }
    let outcome: Outcome
    try {
      outcome = happen(size, mutation, part.role, state, event)
    } catch (error) {
      if (!isFinding(error)) throw error
      return { part, posts: [], marks: [], broken: error }
    }
    const { posts, marks } = outcome
    let then = part
    if (outcome.state !== state) {
      then = part.role === 'follower' ? this.follower(outcome.state) : this.leader(outcome.state)
    }
    return {
      part: then,
      posts: posts.map(({ to, post }) => {
        const received: Event = { kind: 'receive', post }
        return {
          to,
          event: received,
          key: this.keyOf(received),
          role: isForFollower(post) ? 'follower' : 'leader',
        }
      }),
      marks,
      broken: null,
    }
  }

  #logNumber(log: readonly Transaction[]): number {
    let number = this.#logNumbers.get(log)
    if (number === undefined) {
      number = this.#numberOf(log)
      this.#logNumbers.set(log, number)
    }
    return number
  }

  /** By which an event is looked up. */
  keyOf(event: Event): number {
    switch (event.kind) {
      case 'stand':
        return keyed(0, 0, event.attempt)
      case 'join':
        return keyed(1, event.leader, event.attempt)
      case 'crash':
        return keyed(2, event.what === 'disk' ? 1 : 0)
      case 'cutAsFollower':
        return keyed(3)
      case 'cutAsLeader':
        return keyed(4, event.follower)
      case 'loseRest':
        return keyed(6, event.follower)
      case 'readDown':
        return keyed(7, event.full ? 1 : 0)
      case 'readUp':
        return keyed(8, event.follower)
      case 'write':
        return keyed(9)
      case 'sendHistory':
        return keyed(10, event.full ? 1 : 0)
      case 'heartbeat':
        return keyed(11)
      case 'propose':
        return keyed(12)
      case 'crown':
        return keyed(14)
      case 'cancelHandOver':
        return keyed(15)
      case 'forgetRounds':
        return keyed(13, event.before, event.attempt)
      default:
        return othersFrom + this.#numberOf(event)
    }
  }

  #numberOf(event: object): number {
    const print = new Fingerprint()
    begin(print, 4)
    addConstant(print, event)
    addNumber(print, 0)
    finish(print)
    const key = `${print.a} ${print.b}`
    let number = this.#numbers.get(key)
    if (number === undefined) {
      number = this.#numbers.size
      this.#numbers.set(key, number)
    }
    return number
  }
}

const othersFrom = 2 ** 20
const logsFrom = 2 ** 26

const keyed = (kind: number, server = 0, attempt = 0): number => (kind * 8 + server) * 4096 + attempt
