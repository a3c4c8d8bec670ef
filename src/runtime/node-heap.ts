import { setFlagsFromString } from 'node:v8'

const flag = 'heap-growing-percent'
/** By how much memory may grow from one full collection of garbage to the next, in percent of what the heap holds. */
const growthPercent = 200

/**
 * Has the engine look through its heap less often. Of itself it does when memory has grown by as much again as the heap holds,
 * and buffers count as memory. A server's heap holds some ten megabytes, for the tree lies outside of it, and buffers come and go
 * by hundreds of megabytes in a second: full collections were an eighth of a leader's work, and 22 of them part of the start with
 * a million nodes. What is not collected yet is bounded by the same number: some tens of megabytes.
 *
 * Whoever starts the program with a setting of their own keeps it.
 */
export function collectGarbageLessOften(
  execArgv: readonly string[] = process.execArgv,
  setFlag: (text: string) => void = setFlagsFromString,
): void {
  if (execArgv.some((argument) => argument.replaceAll('_', '-').startsWith(`--${flag}`))) return
  setFlag(`--${flag}=${growthPercent}`)
}
