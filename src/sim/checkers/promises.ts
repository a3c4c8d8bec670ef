import type { Violation } from './violation.ts'

interface Promised {
  readonly epoch: number
  readonly leader: number
}

/**
 * A server promises an epoch to one leader only, none below what it has promised, and has it on its disk by then: a quorum of
 * promises rules out a second leader of the epoch only because each of them holds, also after a power failure.
 */
export class Promises {
  /** By server: the last one. */
  readonly #last = new Map<number, Promised>()
  /** Their disks were damaged: the next promise may have been written before, and be unreadable now. */
  readonly #excused = new Set<number>()
  /** The promises that were excused: who is asked for the same one again writes nothing. */
  readonly #unreadable = new Map<number, Promised>()

  /** Its disk was lost or damaged: it may know nothing of what it promised. */
  forgot(server: number): void {
    this.#last.delete(server)
    this.#excused.add(server)
    this.#unreadable.delete(server)
  }

  /** @param durableEpoch the promise that its disk would still hold if the power failed now */
  promised(server: number, { epoch, leader }: Promised, durableEpoch: number): Violation | null {
    const promise = { epoch, leader }
    const before = this.#last.get(server)
    this.#last.set(server, promise)
    if (this.#excused.delete(server)) this.#unreadable.set(server, promise)
    if (durableEpoch < epoch && !isSame(this.#unreadable.get(server), promise)) {
      return broken(server, `promises epoch ${epoch} to server ${leader}, its disk holds ${durableEpoch}`)
    }
    if (before === undefined || epoch > before.epoch) return null
    if (isSame(before, promise)) return null
    return broken(
      server,
      `promises epoch ${epoch} to server ${leader} after epoch ${before.epoch} to server ${before.leader}`,
    )
  }
}

const isSame = (promised: Promised | undefined, { epoch, leader }: Promised): boolean =>
  promised !== undefined && promised.epoch === epoch && promised.leader === leader

const broken = (server: number, problem: string): Violation => ({
  rule: 'promises are kept',
  problem: `server ${server} ${problem}`,
})
