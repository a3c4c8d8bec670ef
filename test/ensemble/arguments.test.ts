import { describe, expect, it } from 'vitest'
import { readEnsembleArguments } from '../../src/ensemble/arguments.ts'

const read = (...argv: string[]) => readEnsembleArguments(argv, '1.2.3')

describe('zk-ensemble arguments', () => {
  it('a file alone -> all of its servers, restarted, with their lines', async () => {
    const values = { configFile: 'c.txt', servers: null, restart: true, quiet: false }
    expect(await read('c.txt')).toEqual({ kind: 'run', values })
  })

  it('options -> taken', async () => {
    expect(await read('--servers', '1,3,1', 'c.txt', '--no-restart', '--quiet')).toEqual({
      kind: 'run',
      values: { configFile: 'c.txt', servers: [1, 3], restart: false, quiet: true },
    })
  })

  it('help -> printed, exit code 0', async () => {
    expect(await read('--help')).toMatchObject({ kind: 'print', exitCode: 0 })
  })

  const wrong: [argv: string[], complaint: string][] = [
    [[], 'found 0 arguments; expected one configuration file'],
    [['a', 'b'], 'found 2 arguments; expected one configuration file'],
    [['a', '--servers', '1;2'], 'found --servers 1;2; expected ids with commas between them'],
    [['a', '--fast'], 'Unknown argument: fast'],
  ]
  for (const [argv, complaint] of wrong) {
    it(`"${argv.join(' ')}" -> usage, exit code 2`, async () => {
      const outcome = await read(...argv)
      expect(outcome).toMatchObject({ kind: 'print', exitCode: 2 })
      expect(outcome.kind === 'print' && outcome.text).toContain(complaint)
    })
  }
})
