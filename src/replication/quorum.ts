/** How many of `members` servers are a majority. */
export function quorumSize(members: number): number {
  return Math.floor(members / 2) + 1
}

/**
 * The highest value that a majority has reached: with the values sorted downwards, the one at place `quorum`.
 * Zero when fewer than `quorum` are given.
 */
export function reachedByQuorum(values: readonly number[], quorum: number): number {
  if (values.length < quorum) return 0
  const sorted = [...values].sort((a, b) => b - a)
  return sorted[quorum - 1] ?? 0
}
