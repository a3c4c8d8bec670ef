/** What is wanted: of the ratio Banyan/ZooKeeper, or of Banyan's own figure. */
export type Target =
  | { readonly of: 'ratio'; readonly atLeast: number }
  | { readonly of: 'ratio'; readonly atMost: number }
  | { readonly of: 'figure'; readonly atMost: number }

export type Unit = '/s' | 'ms' | 'MB'

/** One thing that was measured, of both sides, round by round. */
export interface Line {
  readonly scenario: string
  readonly what: string
  readonly unit: Unit
  readonly banyan: readonly number[]
  /** Empty where there is no ZooKeeper, or nothing that compares. */
  readonly zookeeper: readonly number[]
  readonly target: Target | null
}

/** 0 for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = Math.floor(sorted.length / 2)
  const upper = sorted[half] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? 0) + upper) / 2
}

/**
 * Banyan/ZooKeeper, the middle one of the rounds: both sides of a round met the same machine. Null where there is nothing to
 * compare with.
 */
export function ratioOf({ banyan, zookeeper }: Pick<Line, 'banyan' | 'zookeeper'>): number | null {
  const ratios: number[] = []
  for (const [round, ours] of banyan.entries()) {
    const theirs = zookeeper[round]
    if (theirs !== undefined && theirs > 0) ratios.push(ours / theirs)
  }
  return ratios.length === 0 ? null : median(ratios)
}

/** Null where there is no target, or nothing to compare with. */
export function isMet(line: Line): boolean | null {
  const { target } = line
  if (target === null || line.banyan.length === 0) return null
  const found = target.of === 'ratio' ? ratioOf(line) : median(line.banyan)
  if (found === null) return null
  return 'atLeast' in target ? found >= target.atLeast : found <= target.atMost
}
