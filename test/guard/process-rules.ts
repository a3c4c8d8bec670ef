import type { Rule } from './compare.ts'

// Real processes: how much arrives in one turn, and so how much is done at once, differs from run to run. A slow change of the
// kind that matters, a call or an object for each message, is far above.
const calls = { tolerance: 1.5, slack: 50, bound: 'upper' } as const

const heap = {
  tolerance: 0.25,
  // Code is compiled now and then.
  slack: 200_000,
  bound: 'upper',
  why: 'Bytes on the heap of V8: records and requests are read and written in place, without an object for each field.',
} as const
const reads = {
  ...calls,
  why: 'System calls that read, from sockets and between threads: for each turn, not for each message.',
}
const writes = {
  ...calls,
  why: 'System calls that write, to sockets, the log and between threads: for each turn and connection, not for each message.',
}

/** The figures of three real servers, per 1,000 operations. */
export const processRules: Readonly<Record<string, Rule>> = {
  'leader heapBytes': heap,
  'leader reads': reads,
  'leader writes': writes,
  'follower heapBytes': heap,
  'follower reads': reads,
  'follower writes': writes,
}
