import type { ChalkInstance } from 'chalk'
import { describePlan, type Narrowing, type Plan } from './plan.ts'
import type { SeedReport } from './seed-run.ts'
import { byName, type Totals } from './totals.ts'

/** What is said before a run: all that its seed has drawn. */
export function planText(plan: Plan, chalk: ChalkInstance): string {
  return `${chalk.bold(`seed ${plan.seed}`)}\n${indented(describePlan(plan))}`
}

/** A run in which something was violated: what happened, what is wrong, and how to see it again. */
export function failureText(report: SeedReport, narrowing: Narrowing, chalk: ChalkInstance): string {
  const { seed, violations, lines } = report
  const found = violations.map(
    ({ rule, problem }) => `${chalk.red.bold(`violated: ${rule}`)}\n${indented(problem.split('\n'))}`,
  )
  return [
    chalk.dim(`the last ${lines.length} events (simulated seconds, who, what):`),
    ...lines,
    ...found,
    `${chalk.red.bold(`seed ${seed} fails`)} after ${seconds(report.simulatedMs)} of simulated time, trace ${report.traceHash}. To repeat:`,
    `  ${repeatCommand(seed, narrowing)}`,
  ].join('\n')
}

/** One line for a run in which all was well. */
export function successText(report: SeedReport): string {
  const faults = Object.values(report.faults).reduce((sum, count) => sum + count, 0)
  const operations = Object.values(report.operations).reduce((sum, count) => sum + count, 0)
  return (
    `ok: ${seconds(report.simulatedMs)} simulated, ${report.eventCount} events, ${faults} faults, ` +
    `${operations} operations, ${report.commitCount} commits, whole again after ${seconds(report.recoveryMs)}, trace ${report.traceHash}`
  )
}

export function totalsText(totals: Totals, realMs: number, chalk: ChalkInstance): string {
  const counts = (map: ReadonlyMap<string, number>): string =>
    map.size === 0
      ? 'none'
      : byName(map)
          .map(([name, count]) => `${name} ${count}`)
          .join(', ')
  const ratio = realMs > 0 ? totals.simulatedMs / realMs : 0
  const verdict =
    totals.violations === 0
      ? chalk.green.bold('violations   0')
      : chalk.red.bold(`violations   ${totals.violations}, in ${totals.failedSeeds} seeds`)
  return [
    `seeds        ${totals.seeds}`,
    `time         ${seconds(totals.simulatedMs)} simulated in ${seconds(realMs)}: ${ratio.toFixed(0)} times as fast, ${(realMs / Math.max(1, totals.seeds)).toFixed(0)} ms a seed`,
    `events       ${totals.events}`,
    `commits      ${totals.commits}`,
    `faults       ${counts(totals.faults)}`,
    `operations   ${counts(totals.operations)}`,
    `recovery     ${seconds(totals.recoveryMsMax)} at most, from the last fault until every server serves`,
    verdict,
  ].join('\n')
}

export function repeatCommand(seed: number, { workloads, faults }: Narrowing): string {
  const named = [
    ...workloads.map((name) => ` --workload ${name}`),
    ...faults.map((name) => ` --fault ${name}`),
  ]
  return `npm run sim -- --seed ${seed}${named.join('')}`
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
const indented = (lines: readonly string[]): string => lines.map((line) => `  ${line}`).join('\n')
