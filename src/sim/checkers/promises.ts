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

  /** Its disk was lost or damaged: it may know nothing of what it promised. */
  forgot(server: number): void {
    this.#last.delete(server)
    this.#excused.add(server)
  }

  /** @param durableEpoch the promise that its disk would still hold if the power failed now */
  promised(server: number, { epoch, leader }: Promised, durableEpoch: number): Violation | null {
    const before = this.#last.get(server)
    this.#last.set(server, { epoch, leader })
    const excused = this.#excused.delete(server)
    if (durableEpoch < epoch && !excused) {
      return broken(server, `promises epoch ${epoch} to server ${leader}, its disk holds ${durableEpoch}`)
    }
    if (before === undefined || epoch > before.epoch) return null
    if (epoch === before.epoch && leader === before.leader) return null
    return broken(
      server,
      `promises epoch ${epoch} to server ${leader} after epoch ${before.epoch} to server ${before.leader}`,
    )
  }
}

const broken = (server: number, problem: string): Violation => ({
  rule: 'promises are kept',
  problem: `server ${server} ${problem}`,
})
