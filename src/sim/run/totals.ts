import type { SeedReport } from './seed-run.ts'

/** Figures of many runs. */
export class Totals {
  seeds = 0
  failedSeeds = 0
  violations = 0
  simulatedMs = 0
  events = 0
  commits = 0
  recoveryMsMax = 0
  readonly faults = new Map<string, number>()
  readonly operations = new Map<string, number>()

  add(report: SeedReport): void {
    this.seeds++
    if (report.violations.length > 0) this.failedSeeds++
    this.violations += report.violations.length
    this.simulatedMs += report.simulatedMs
    this.events += report.eventCount
    this.commits += report.commitCount
    this.recoveryMsMax = Math.max(this.recoveryMsMax, report.recoveryMs)
    addAll(this.faults, report.faults)
    addAll(this.operations, report.operations)
  }

  toJSON(): Record<string, unknown> {
    const { seeds, failedSeeds, violations, simulatedMs, events, commits, recoveryMsMax } = this
    return {
      seeds,
      failedSeeds,
      violations,
      simulatedMs: Math.round(simulatedMs),
      events,
      commits,
      recoveryMsMax: Math.round(recoveryMsMax),
      faults: Object.fromEntries(byName(this.faults)),
      operations: Object.fromEntries(byName(this.operations)),
    }
  }
}

/** In the order of their names, whatever came first. */
export function byName(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1))
}

function addAll(to: Map<string, number>, from: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(from)) to.set(name, (to.get(name) ?? 0) + count)
}
