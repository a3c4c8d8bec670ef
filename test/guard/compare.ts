/** What was counted, by name. */
export type Figures = Record<string, number>

/** How a figure is judged. */
export interface Rule {
  /** What is counted, and why it is as it is. */
  readonly why: string
  /** How far it may be from the table, as a part of what stands there. */
  readonly tolerance: number
  /** So much more is always allowed, for figures near zero. */
  readonly slack: number
  /** `both`: less than in the table is told too, so that the table stays true. */
  readonly bound: 'both' | 'upper'
}

/** One figure that is not as the table has it. */
export interface Deviation {
  readonly load: string
  readonly figure: string
  readonly expected: number
  readonly found: number
}

/**
 * What has moved further than its rule allows. A figure or load that only one side knows has moved as well: it counts as
 * zero on the other.
 */
export function deviations(
  table: ReadonlyMap<string, Figures>,
  found: ReadonlyMap<string, Figures>,
  rules: Readonly<Record<string, Rule>>,
): Deviation[] {
  const moved: Deviation[] = []
  for (const load of new Set([...table.keys(), ...found.keys()])) {
    const before = table.get(load) ?? {}
    const now = found.get(load) ?? {}
    for (const figure of new Set([...Object.keys(before), ...Object.keys(now)])) {
      const rule = rules[figure]
      if (rule === undefined) throw new Error(`the figure ${figure} has no rule`)
      const deviation = { load, figure, expected: before[figure] ?? 0, found: now[figure] ?? 0 }
      if (isOutside(deviation, rule)) moved.push(deviation)
    }
  }
  return moved
}

function isOutside({ expected, found }: Deviation, rule: Rule): boolean {
  const allowed = expected * rule.tolerance + rule.slack
  return found > expected + allowed || (rule.bound === 'both' && found < expected - allowed)
}

/** For whoever reads why the test failed. Empty when nothing has moved. */
export function describe(
  moved: readonly Deviation[],
  rules: Readonly<Record<string, Rule>>,
  unit: string,
  wayOut: string,
): string {
  if (moved.length === 0) return ''
  const lines = moved.map(({ load, figure, expected, found }) => {
    const percent =
      expected === 0 ? '' : ` (${found > expected ? '+' : ''}${(100 * (found / expected - 1)).toFixed(1)} %)`
    return `  ${load}: ${figure}: ${tidy(expected)} -> ${tidy(found)}${percent}. ${rules[figure]?.why ?? ''}`
  })
  return [`The work ${unit} is not what the table says:`, ...lines, wayOut].join('\n')
}

const tidy = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: 1 })
