import type { PeerMessage, PeerStatus } from './messages.ts'

/**
 * The bully election (Garcia-Molina 1982): whoever finds no live server with a higher id that stands, wins.
 *
 * It only chooses who tries to lead; the phases behind it are safe with any leader, and with several at once. So all
 * that this must achieve is that the servers soon agree, and that they leave an established reign in peace.
 *
 * A pure machine: `on…` methods take what happened and return what is to be done.
 */
export type ElectionEffect =
  | { kind: 'send'; to: number; message: PeerMessage }
  /** This server has won: it opens a reign, and calls `onOpen` as soon as followers can join. */
  | { kind: 'stand' }
  /** Join that server as a follower. When this server was a candidate, it gives that up. */
  | { kind: 'follow'; leader: number }

export interface ElectionFacts {
  /** Live peers by id, with their latest word. */
  readonly peers: ReadonlyMap<number, PeerStatus>
  /** Whether this server may win now. */
  readonly stands: boolean
}

export interface ElectionTimeouts {
  /** How long a higher server has to answer an election. */
  aliveMs: number
  /** How long a server that answered has to announce a winner. */
  coordinatorMs: number
  /** A server that could not be joined is not tried again for this long, unless it announces itself. */
  followRetryMs: number
}

type Phase =
  | { name: 'looking' }
  /** Higher servers were asked and have not all declined. */
  | { name: 'asking'; unanswered: Set<number>; untilMs: number }
  /** A higher server is alive and holds its own election. */
  | { name: 'yielding'; to: number; untilMs: number }
  /** Won. `open`: followers can join. */
  | { name: 'candidate'; open: boolean }
  | { name: 'joining'; leader: number }
  /** Follows or leads an established reign. */
  | { name: 'settled'; leader: number }

export class Election {
  readonly #self: number
  readonly #timeouts: ElectionTimeouts
  readonly #facts: () => ElectionFacts
  #phase: Phase = { name: 'looking' }
  /** Until then a failed candidate lets others try. */
  #backedOffUntilMs = 0
  /** Servers that could not be joined, and until when they are left alone. */
  readonly #avoidedUntilMs = new Map<number, number>()

  constructor(options: { self: number; timeouts: ElectionTimeouts; facts: () => ElectionFacts }) {
    this.#self = options.self
    this.#timeouts = options.timeouts
    this.#facts = options.facts
  }

  get phase(): Phase['name'] {
    return this.#phase.name
  }

  /** The server that this one leads as, joins or follows; null while none is chosen. */
  get leader(): number | null {
    if (this.#phase.name === 'candidate') return this.#self
    return this.#phase.name === 'joining' || this.#phase.name === 'settled' ? this.#phase.leader : null
  }

  backsOff(nowMs: number): boolean {
    return nowMs < this.#backedOffUntilMs
  }

  /** Time passed, or a peer came, went or told something new. */
  onChange(nowMs: number): ElectionEffect[] {
    const phase = this.#phase
    switch (phase.name) {
      case 'settled':
        return []
      case 'joining':
        return this.#peer(phase.leader) === undefined ? this.#look(nowMs) : []
      case 'candidate':
        return this.#rally(phase.open, nowMs)
      case 'yielding':
        if (nowMs < phase.untilMs && this.#peer(phase.to) !== undefined) return this.#yieldToReign(nowMs)
        return this.#look(nowMs)
      case 'asking':
        for (const id of phase.unanswered) {
          if (this.#peer(id) === undefined) phase.unanswered.delete(id)
        }
        if (phase.unanswered.size > 0 && nowMs < phase.untilMs) return this.#yieldToReign(nowMs)
        return this.#afterAnswers(nowMs)
      case 'looking':
        return this.#look(nowMs)
    }
  }

  onMessage(from: number, message: PeerMessage, nowMs: number): ElectionEffect[] {
    switch (message.type) {
      case 'election':
        return this.#onElection(from, nowMs)
      case 'alive':
        return this.#onAlive(from, message.stands, nowMs)
      case 'coordinator':
        return this.#onCoordinator(message.leader, message.established, nowMs)
      default:
        return []
    }
  }

  /** Followers can join this candidate: it is announced. Earlier, they would come too early and be turned away. */
  onOpen(): ElectionEffect[] {
    if (this.#phase.name !== 'candidate') return []
    this.#phase.open = true
    return [...this.#facts().peers.keys()].map((id) => this.#announce(id, this.#self, false))
  }

  /** The reign that this server leads or follows is established. */
  settle(leader: number): void {
    this.#phase = { name: 'settled', leader }
  }

  /** The reign, or the attempt at one, is over. `backOffMs` 0: try again at once. */
  onLeaderLost(nowMs: number, backOffMs: number): ElectionEffect[] {
    const phase = this.#phase
    if (phase.name === 'joining') {
      this.#avoidedUntilMs.set(phase.leader, nowMs + this.#timeouts.followRetryMs)
    }
    if (backOffMs > 0) this.#backedOffUntilMs = nowMs + backOffMs
    return this.#look(nowMs)
  }

  /** The leader stepped down in favour of `successor`: no election is needed. */
  onHandOver(successor: number): ElectionEffect[] {
    if (successor === this.#self) return this.#stand()
    return this.#follow(successor)
  }

  #peer(id: number): PeerStatus | undefined {
    return this.#facts().peers.get(id)
  }

  #look(nowMs: number): ElectionEffect[] {
    this.#phase = { name: 'looking' }
    const joined = this.#yieldToReign(nowMs)
    if (joined.length > 0) return joined
    const { peers, stands } = this.#facts()
    if (!stands || this.backsOff(nowMs)) return []
    const higher = [...peers].filter(([id, peer]) => id > this.#self && peer.stands).map(([id]) => id)
    if (higher.length === 0) return this.#stand()
    this.#phase = {
      name: 'asking',
      unanswered: new Set(higher),
      untilMs: nowMs + this.#timeouts.aliveMs,
    }
    return higher.map((to) => ({ kind: 'send', to, message: { type: 'election' } }))
  }

  /** All who were asked have declined or keep silent. */
  #afterAnswers(nowMs: number): ElectionEffect[] {
    const { stands } = this.#facts()
    if (stands && !this.backsOff(nowMs)) return this.#stand()
    return this.#look(nowMs)
  }

  #stand(): ElectionEffect[] {
    this.#phase = { name: 'candidate', open: false }
    return [{ kind: 'stand' }]
  }

  #follow(leader: number): ElectionEffect[] {
    this.#phase = { name: 'joining', leader }
    return [{ kind: 'follow', leader }]
  }

  /**
   * Follows a live server that reigns already. What others say of a leader that is not live from here is not believed:
   * right after a leader's death, their last word still names it.
   */
  #yieldToReign(nowMs: number): ElectionEffect[] {
    for (const [id, peer] of this.#facts().peers) {
      if (peer.state === 'leading' && peer.serving && !this.#avoids(id, nowMs)) return this.#follow(id)
    }
    return []
  }

  /** A candidate gives way to a reign; else it calls those who have nobody to follow, such as late comers. */
  #rally(open: boolean, nowMs: number): ElectionEffect[] {
    const joined = this.#yieldToReign(nowMs)
    if (joined.length > 0 || !open) return joined
    const lost = [...this.#facts().peers].filter(([, peer]) => peer.state === 'looking')
    return lost.map(([id]) => this.#announce(id, this.#self, false))
  }

  #avoids(id: number, nowMs: number): boolean {
    return nowMs < (this.#avoidedUntilMs.get(id) ?? 0)
  }

  #announce(to: number, leader: number, established: boolean): ElectionEffect {
    return { kind: 'send', to, message: { type: 'coordinator', leader, established } }
  }

  #onElection(from: number, nowMs: number): ElectionEffect[] {
    const phase = this.#phase
    if (phase.name === 'settled') return [this.#announce(from, phase.leader, true)]
    if (phase.name === 'candidate' && phase.open) return [this.#announce(from, this.#self, false)]
    const { stands } = this.#facts()
    const holds = from < this.#self && stands && !this.backsOff(nowMs)
    const answer: ElectionEffect = { kind: 'send', to: from, message: { type: 'alive', stands: holds } }
    if (holds && phase.name === 'looking') return [answer, ...this.#look(nowMs)]
    return [answer]
  }

  #onAlive(from: number, stands: boolean, nowMs: number): ElectionEffect[] {
    const phase = this.#phase
    if (phase.name !== 'asking' || !phase.unanswered.has(from)) return []
    if (stands) {
      this.#phase = { name: 'yielding', to: from, untilMs: nowMs + this.#timeouts.coordinatorMs }
      return []
    }
    phase.unanswered.delete(from)
    return phase.unanswered.size === 0 ? this.#afterAnswers(nowMs) : []
  }

  #onCoordinator(leader: number, established: boolean, nowMs: number): ElectionEffect[] {
    if (leader === this.#self || this.#peer(leader) === undefined) return []
    const phase = this.#phase
    switch (phase.name) {
      case 'settled':
        return []
      case 'candidate':
        // Two candidates: the higher goes on. An established reign beats any candidate.
        return leader > this.#self || established ? this.#follow(leader) : []
      case 'joining':
        if (leader === phase.leader) return []
        return leader > phase.leader || established ? this.#follow(leader) : []
      default:
        if (!established && this.#avoids(leader, nowMs) && leader < this.#self) return []
        return this.#follow(leader)
    }
  }
}
