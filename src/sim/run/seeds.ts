import type { Clock } from '../../runtime/clock.ts'
import type { SimArguments } from './arguments.ts'
import { drawPlan } from './plan.ts'
import { runSeed, type SeedReport } from './seed-run.ts'

/** Runs the seeds of one process, one after the other; `take` is given each report and says whether to go on. */
export async function runSeeds(
  values: SimArguments,
  clock: Clock,
  take: (report: SeedReport) => boolean,
): Promise<void> {
  const endMs =
    values.minutes === null ? Number.POSITIVE_INFINITY : clock.monotonicMs() + values.minutes * 60_000
  for (let seed = values.firstSeed; seed <= values.lastSeed; seed += values.step) {
    if (clock.monotonicMs() >= endMs) return
    const report = await runSeed(drawPlan(seed, values.narrowing), { lineCount: values.lineCount })
    if (!take(report)) return
  }
}
