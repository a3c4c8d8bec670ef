import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { drawPlan } from '../../../src/sim/run/plan.ts'
import { runSeed, type SeedReport } from '../../../src/sim/run/seed-run.ts'
import { atDepth } from '../../depth.ts'

const minutes = 60_000
const project = fileURLToPath(new URL('../../../', import.meta.url))

const run = (seed: number): Promise<SeedReport> => runSeed(drawPlan(seed))

describe('npm run sim', () => {
  it(
    'the first seeds -> nothing violated, and every server served again in the end',
    async () => {
      for (let seed = 1; seed <= atDepth(4, 20); seed++) {
        const report = await run(seed)
        expect(report.violations, `seed ${seed}`).toEqual([])
        expect(report.recoveryMs).toBeGreaterThan(0)
        expect(report.commitCount).toBeGreaterThan(20)
        for (const count of Object.values(report.operations)) expect(count).toBeGreaterThan(0)
      }
    },
    5 * minutes,
  )

  it('a leader’s disk is at work for 14 s more when the faults end -> the session of who asks it expires, and another one is served', async () => {
    const report = await run(5720)
    expect(report.violations).toEqual([])
  })

  it(
    'the same seed twice in this process and once in another -> the same trace; another seed -> another trace',
    async () => {
      const first = await run(36)
      const between = await run(37)
      const again = await run(36)
      expect(again).toEqual(first)
      expect(between.traceHash).not.toBe(first.traceHash)
      const tsx = `${project}node_modules/tsx/dist/cli.mjs`
      const args = [tsx, 'src/sim/main.ts', '--seeds', '36..37', '--stream']
      const said = execFileSync(process.execPath, args, { cwd: project, encoding: 'utf8' })
      const elsewhere = said
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as SeedReport)
      expect(elsewhere.map(({ traceHash }) => traceHash)).toEqual([first.traceHash, between.traceHash])
    },
    2 * minutes,
  )

  it(
    'several processes, as JSON -> they end, the figures of all seeds, and exit code 0',
    () => {
      const tsx = `${project}node_modules/tsx/dist/cli.mjs`
      const args = [tsx, 'src/sim/main.ts', '--seeds', '1..2', '--jobs', '2', '--json', '--workload', 'locks']
      const said = execFileSync(process.execPath, args, { cwd: project, encoding: 'utf8' })
      expect(JSON.parse(said)).toMatchObject({ seeds: 2, failedSeeds: 0, violations: 0, failures: [] })
    },
    2 * minutes,
  )

  it('narrowed to named workloads and faults -> only these, and the rest as drawn', () => {
    const drawn = drawPlan(5)
    const plan = drawPlan(5, { workloads: ['locks'], faults: ['kill'] })
    expect(plan.workloads).toEqual(['locks'])
    expect(Object.entries(plan.faults).filter(([, rate]) => rate > 0)).toEqual([['kill', 20]])
    const rest = { workloads: drawn.workloads, faults: drawn.faults }
    expect({ ...plan, ...rest }).toEqual(drawn)
    const none = drawPlan(5, { workloads: [], faults: ['none'] }).faults
    expect(Object.values(none).every((rate) => rate === 0)).toBe(true)
  })
})
