import type { Zxid } from '../tree/zxid.ts'
import type { ServerObserver } from './server-observer.ts'

/** As often as ZooKeeper notes one, so that servers note it at the same transactions. */
const zxidsPerDigest = 128
const digestsMax = 1024

export interface NotedDigest {
  readonly zxid: Zxid
  /** Hexadecimal. */
  readonly digest: string
}

/**
 * The state's digest at every 128th transaction, the last 1,024 of them: what servers can be compared by. An observer is told
 * of every one.
 */
export class DigestHistory {
  readonly #observer: ServerObserver | null
  /** Oldest first. */
  #entries: NotedDigest[] = []

  constructor(observer: ServerObserver | null = null) {
    this.#observer = observer
  }

  get entries(): readonly NotedDigest[] {
    return this.#entries
  }

  /** Whether this transaction is one to `note`. */
  isDue(zxid: Zxid): boolean {
    return this.#observer !== null || isKept(zxid)
  }

  note(zxid: Zxid, digest: () => string): void {
    this.#observer?.applied(zxid, digest)
    if (!isKept(zxid)) return
    this.#entries.push({ zxid, digest: digest() })
    if (this.#entries.length >= 2 * digestsMax) this.#entries = this.#entries.slice(-digestsMax)
  }

  loaded(zxid: Zxid, digest: () => string): void {
    this.#observer?.loaded(zxid, digest())
  }

  /** The state is another one. */
  clear(): void {
    this.#entries = []
  }
}

const isKept = (zxid: Zxid): boolean => (zxid & (zxidsPerDigest - 1)) === 0
