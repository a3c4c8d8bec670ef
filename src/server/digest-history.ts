import type { Zxid } from '../tree/zxid.ts'

/** As often as ZooKeeper notes one, so that servers note it at the same transactions. */
const zxidsPerDigest = 128
const digestsMax = 1024

export interface NotedDigest {
  readonly zxid: Zxid
  /** Hexadecimal. */
  readonly digest: string
}

/** The state's digest at every 128th transaction, the last 1,024 of them: what servers can be compared by. */
export class DigestHistory {
  /** Oldest first. */
  #entries: NotedDigest[] = []

  get entries(): readonly NotedDigest[] {
    return this.#entries
  }

  /** Whether this transaction is one whose digest is noted. */
  isDue(zxid: Zxid): boolean {
    return (zxid & (zxidsPerDigest - 1)) === 0
  }

  note(zxid: Zxid, digest: string): void {
    this.#entries.push({ zxid, digest })
    if (this.#entries.length >= 2 * digestsMax) this.#entries = this.#entries.slice(-digestsMax)
  }

  /** The state is another one. */
  clear(): void {
    this.#entries = []
  }
}
