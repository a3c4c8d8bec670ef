import { assert } from '../runtime/assert.ts'

/**
 * A transaction's place in the one history: epoch · 2^32 + counter, in a JS number. Zero is "before everything".
 * Exact as long as the epoch is below 2^21.
 */
export type Zxid = number

export const epochMax = 2 ** 21 - 1
export const counterMax = 2 ** 32 - 1
const counterSpan = 2 ** 32

export function zxidOf(epoch: number, counter: number): Zxid {
  assert(Number.isInteger(epoch) && epoch >= 0 && epoch <= epochMax, () => `epoch ${epoch} out of range`)
  assert(
    Number.isInteger(counter) && counter >= 0 && counter <= counterMax,
    () => `counter ${counter} out of range`,
  )
  return epoch * counterSpan + counter
}

export function epochOf(zxid: Zxid): number {
  return Math.floor(zxid / counterSpan)
}

export function counterOf(zxid: Zxid): number {
  return zxid % counterSpan
}

/** As ZooKeeper prints it: `0x` and hexadecimal digits. */
export function formatZxid(zxid: Zxid): string {
  return `0x${zxid.toString(16)}`
}

/** Whether `next` may stand right behind `previous` in a history: the next counter, or the first of a later epoch. */
export function follows(previous: Zxid, next: Zxid): boolean {
  return next === previous + 1
    ? counterOf(next) !== 0
    : counterOf(next) === 1 && epochOf(next) > epochOf(previous)
}
