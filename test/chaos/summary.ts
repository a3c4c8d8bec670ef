import type { RoundResult } from './round.ts'

export interface Summary {
  readonly seed: string
  /** How partitions were made. */
  readonly network: 'namespace' | 'proxies'
  readonly minutes: number
  readonly rounds: number
  readonly faults: Readonly<Record<string, number>>
  readonly operations: Readonly<Record<string, number>>
  readonly failovers: number
  readonly longestWritePauseMs: number
  readonly longestWritePauseDuring: readonly string[]
  readonly violations: readonly {
    readonly round: string
    readonly rule: string
    readonly problem: string
    readonly keptIn: string | null
  }[]
}

export function summarize(
  seed: string,
  network: Summary['network'],
  rounds: readonly RoundResult[],
): Summary {
  const longest = rounds.reduce<RoundResult['longestPause']>(
    (most, { longestPause }) => (longestPause.lastedMs > most.lastedMs ? longestPause : most),
    { lastedMs: 0, during: [] },
  )
  return {
    seed,
    network,
    minutes: Math.round(rounds.reduce((sum, { lastedMs }) => sum + lastedMs, 0) / 6000) / 10,
    rounds: rounds.length,
    faults: sums(rounds.map(({ faults }) => faults)),
    operations: sums(rounds.map(({ operations }) => operations)),
    failovers: rounds.reduce((sum, { failovers }) => sum + failovers, 0),
    longestWritePauseMs: Math.round(longest.lastedMs),
    longestWritePauseDuring: longest.during,
    violations: rounds.flatMap(({ seed: round, violations, keptIn }) =>
      violations.map((violation) => ({ round, ...violation, keptIn })),
    ),
  }
}

function sums(counts: readonly ReadonlyMap<string, number>[]): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const [name, count] of counts.flatMap((each) => [...each])) sum[name] = (sum[name] ?? 0) + count
  return sum
}

/** The same for people. */
export function summaryLines(summary: Summary): string[] {
  const list = (counts: Readonly<Record<string, number>>): string[] =>
    Object.entries(counts)
      .sort(([, a], [, b]) => b - a)
      .map(([name, count]) => `  ${count.toLocaleString('en').padStart(10)}  ${name}`)
  const total = (counts: Readonly<Record<string, number>>): string =>
    Object.values(counts)
      .reduce((sum, count) => sum + count, 0)
      .toLocaleString('en')
  const during = summary.longestWritePauseDuring.join(', ')
  return [
    `${summary.minutes} minutes, ${summary.rounds} rounds, seed ${summary.seed}`,
    `faults: ${total(summary.faults)}`,
    ...list(summary.faults),
    `operations: ${total(summary.operations)}`,
    ...list(summary.operations),
    `failovers: ${summary.failovers}`,
    `longest write pause: ${summary.longestWritePauseMs} ms${during === '' ? '' : ` (${during})`}`,
    `violations: ${summary.violations.length}`,
  ]
}
