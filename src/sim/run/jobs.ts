import type { ChildProcess, Processes } from '../../runtime/processes.ts'
import type { SimArguments } from './arguments.ts'
import type { SeedReport } from './seed-run.ts'

/** Shares the seeds among child processes; `take` is given each report as it comes and says whether to go on. */
export async function runJobs(
  values: SimArguments,
  processes: Processes,
  script: string,
  take: (report: SeedReport) => boolean,
): Promise<void> {
  const children: ChildProcess[] = []
  let ended = false
  const end = (): void => {
    ended = true
    for (const child of children) child.kill('SIGKILL')
  }
  // Never more than there are seeds: each has one at least.
  const jobCount = Math.min(values.jobs, values.lastSeed - values.firstSeed + 1)
  const jobs = Array.from({ length: jobCount }, (_, job) => {
    const args = argumentsOf(values, job, jobCount)
    return new Promise<void>((resolve, reject) => {
      const errors: Buffer[] = []
      let rest = ''
      const child = processes.start({
        script,
        args,
        onOutput(bytes, stream) {
          if (stream === 'err') {
            errors.push(bytes)
            return
          }
          const lines = (rest + bytes.toString()).split('\n')
          rest = lines.pop() ?? ''
          for (const line of lines) if (!ended && !take(JSON.parse(line) as SeedReport)) end()
        },
        onEnd({ code, signal, failure }) {
          if (ended || code === 0) resolve()
          else {
            end()
            const how = failure?.message ?? signal ?? `exit code ${code}`
            reject(new Error(`a process of the run ended with ${how}\n${Buffer.concat(errors).toString()}`))
          }
        },
      })
      children.push(child)
    })
  })
  await Promise.all(jobs)
}

/** Every so manieth seed, so that all processes are done at about the same time. */
function argumentsOf(values: SimArguments, job: number, jobCount: number): string[] {
  const { firstSeed, lastSeed, minutes, narrowing, lineCount } = values
  return [
    '--stream',
    ...['--seeds', `${firstSeed + job}..${lastSeed}`],
    ...['--step', String(jobCount)],
    ...['--lines', String(lineCount)],
    ...(minutes === null ? [] : ['--minutes', String(minutes)]),
    ...narrowing.workloads.flatMap((name) => ['--workload', name]),
    ...narrowing.faults.flatMap((name) => ['--fault', name]),
  ]
}
