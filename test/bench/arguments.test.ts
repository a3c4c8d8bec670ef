import { describe, expect, it } from 'vitest'
import { readBenchArguments } from '../../bench/arguments.ts'
import { scenarios } from '../../bench/scenarios/index.ts'

async function values(...argv: string[]) {
  const outcome = await readBenchArguments(argv)
  if (outcome.kind !== 'run') throw new Error(outcome.text)
  return outcome.values
}

const names = async (...argv: string[]): Promise<string[]> =>
  (await values(...argv)).scenarios.map(({ name }) => name)

describe('bench arguments', () => {
  it('none -> load and the quick ones, five rounds, a million znodes', async () => {
    expect(await names()).toEqual(['load', 'failover', 'start-up'])
    const { settings, json, banyanOnly } = await values()
    expect(settings).toEqual({ rounds: 5, burstMs: 3000, warmUpMs: 1000, treeNodes: 1_000_000 })
    expect([json, banyanOnly]).toEqual([false, false])
  })

  it('names -> these, in the order of the list; all -> every one', async () => {
    expect(await names('watches', 'failover')).toEqual(['failover', 'watches'])
    expect(await names('all')).toEqual(scenarios.map(({ name }) => name))
  })

  it('--quick -> fewer rounds; what is said besides counts more', async () => {
    const { settings, json } = await values('--quick', '--rounds', '2', '--json')
    expect(settings).toEqual({ rounds: 2, burstMs: 1000, warmUpMs: 1000, treeNodes: 100_000 })
    expect(json).toBe(true)
  })

  it('--help -> every scenario and option, exit code 0', async () => {
    const outcome = await readBenchArguments(['--help'])
    if (outcome.kind !== 'print') throw new Error('it would run')
    expect(outcome.exitCode).toBe(0)
    for (const { name } of scenarios) expect(outcome.text).toContain(name)
    expect(outcome.text).toContain('--rounds')
    expect(outcome.text).toContain('Examples:')
  })

  it.each([
    [['loads'], 'found scenario loads; expected some of load, failover,'],
    [['--rounds', '0'], 'found --rounds 0; expected a whole number from 1 to 99'],
    [['--rounds', 'many'], 'found --rounds many'],
    [['--seconds', '1.5'], 'found --seconds 1.5; expected a whole number from 1 to 600'],
    [['--nodes', '-1'], 'found --nodes -1'],
    [['--nodes', '99'], 'found --nodes 99; expected a whole number from 1000 to 10000000'],
    [['--round', '3'], 'Unknown argument: round'],
  ])('%j -> what is wrong, and exit code 2', async (argv, problem) => {
    const outcome = await readBenchArguments(argv)
    expect(outcome).toMatchObject({ kind: 'print', exitCode: 2 })
    expect(outcome.kind === 'print' && outcome.text).toContain(problem)
  })
})

describe('bench scenarios', () => {
  it('every one -> foretells a time that grows with what it does', async () => {
    const { settings } = await values()
    for (const scenario of scenarios) {
      expect(scenario.secondsAbout(settings, 1)).toBeGreaterThan(0)
      expect(scenario.secondsAbout(settings, 2)).toBeGreaterThan(scenario.secondsAbout(settings, 1))
    }
  })
})
