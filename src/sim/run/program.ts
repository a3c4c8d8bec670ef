import { Chalk } from 'chalk'
import type { Clock } from '../../runtime/clock.ts'
import type { Processes } from '../../runtime/processes.ts'
import type { SimArguments } from './arguments.ts'
import { runJobs } from './jobs.ts'
import { drawPlan } from './plan.ts'
import { failureText, planText, repeatCommand, successText, totalsText } from './report.ts'
import { runSeed, type SeedReport } from './seed-run.ts'
import { runSeeds } from './seeds.ts'
import { Totals } from './totals.ts'

/** The world around the program itself, which is a real one. */
export interface SimProgramWorld {
  readonly clock: Clock
  readonly processes: Processes
  /** The program's own script, for its child processes. */
  readonly script: string
  readonly terminal: boolean
  write(text: string): void
}

const progressEveryMs = 1_000

/** Runs what was asked for. Gives the exit code. */
export async function runSimProgram(values: SimArguments, world: SimProgramWorld): Promise<number> {
  if (values.format === 'stream') return await stream(values, world)
  if (values.firstSeed === values.lastSeed && values.format === 'text') return await one(values, world)
  return await many(values, world)
}

async function one(values: SimArguments, { terminal, write }: SimProgramWorld): Promise<number> {
  const chalk = new Chalk({ level: terminal ? 1 : 0 })
  const plan = drawPlan(values.firstSeed, values.narrowing)
  write(`${planText(plan, chalk)}\n`)
  const report = await runSeed(plan, {
    lineCount: values.trace ? 1 : values.lineCount,
    ...(values.trace ? { echo: (line: string) => write(`${line}\n`) } : {}),
  })
  if (report.violations.length === 0) {
    write(`${successText(report)}\n`)
    return 0
  }
  write(`${failureText(values.trace ? { ...report, lines: [] } : report, values.narrowing, chalk)}\n`)
  return 1
}

async function many(values: SimArguments, world: SimProgramWorld): Promise<number> {
  const { clock, terminal, write } = world
  const chalk = new Chalk({ level: terminal ? 1 : 0 })
  const text = values.format === 'text'
  const totals = new Totals()
  const failed: SeedReport[] = []
  const startMs = clock.monotonicMs()
  let saidMs = startMs
  const seedCount = Math.ceil((values.lastSeed - values.firstSeed + 1) / values.step)
  const take = (report: SeedReport): boolean => {
    totals.add(report)
    if (report.violations.length > 0) {
      failed.push(report)
      if (text) {
        if (terminal) write('\r\x1b[K')
        write(`${planText(drawPlan(report.seed, values.narrowing), chalk)}\n`)
        write(`${failureText(report, values.narrowing, chalk)}\n\n`)
      }
    }
    const nowMs = clock.monotonicMs()
    if (text && terminal && nowMs - saidMs >= progressEveryMs) {
      saidMs = nowMs
      const perSecond = (totals.seeds * 1000) / (nowMs - startMs)
      write(
        `\r\x1b[K${totals.seeds} of ${seedCount} seeds, ${perSecond.toFixed(1)} a second, ${failed.length} failed`,
      )
    }
    return failed.length < values.failuresMax
  }
  if (values.jobs === 1) await runSeeds(values, clock, take)
  else await runJobs(values, world.processes, world.script, take)
  const realMs = clock.monotonicMs() - startMs
  if (text) {
    if (terminal) write('\r\x1b[K')
    write(`${totalsText(totals, realMs, chalk)}\n`)
  } else {
    const failures = failed.map(({ seed, violations, traceHash }) => ({
      seed,
      violations,
      traceHash,
      repeat: repeatCommand(seed, values.narrowing),
    }))
    write(`${JSON.stringify({ ...totals.toJSON(), realMs: Math.round(realMs), failures }, null, 2)}\n`)
  }
  return failed.length === 0 ? 0 : 1
}

/** As a child process: a report on each line, for the process that adds them up. */
async function stream(values: SimArguments, { clock, processes, write }: SimProgramWorld): Promise<number> {
  processes.onStopRequest(() => processes.exit(1))
  await runSeeds(values, clock, (report) => {
    write(`${JSON.stringify(report)}\n`)
    return true
  })
  // Whoever waits for the end of the parent process keeps this one alive.
  return processes.exit(0)
}
