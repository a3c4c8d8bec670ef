import { readFileSync } from 'node:fs'

const sampleEveryMs = 200
const statmPageBytes = 4096

/** The memory that processes really take (RSS), sampled until it is stopped. Linux only. */
export class MemoryWatch {
  readonly #pids: readonly number[]
  readonly #timer: NodeJS.Timeout
  #peakBytes = 0

  constructor(pids: readonly number[]) {
    this.#pids = pids
    this.#timer = setInterval(() => this.#sample(), sampleEveryMs)
    this.#sample()
  }

  /** The most that any one of them took at any time. */
  get peakBytes(): number {
    return this.#peakBytes
  }

  stop(): void {
    this.#sample()
    clearInterval(this.#timer)
  }

  #sample(): void {
    for (const pid of this.#pids) this.#peakBytes = Math.max(this.#peakBytes, residentBytes(pid))
  }
}

/** 0 for a process that is gone. */
export function residentBytes(pid: number): number {
  try {
    const [, pages] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')
    return Number(pages) * statmPageBytes
  } catch {
    return 0
  }
}
