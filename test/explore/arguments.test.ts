import { describe, expect, test } from 'vitest'
import { readExploreArguments } from './arguments.ts'

describe('npm run explore: the command line', () => {
  test('--help -> examples, exit code 0', async () => {
    const outcome = await readExploreArguments(['--help'])
    expect(outcome).toMatchObject({ kind: 'print', exitCode: 0, text: expect.stringContaining('Examples:') })
  })

  test('bounds, a fault, what to print -> read, the rest as it is meant to be', async () => {
    const argv = [
      '--crashes',
      '0',
      '--wipes',
      '2',
      '--mutate',
      'commit by one',
      '--states-max',
      '7',
      '--json',
    ]
    expect(await readExploreArguments(argv)).toEqual({
      kind: 'run',
      values: {
        servers: 3,
        start: 'founded',
        bounds: { stands: 1, proposals: 1, crashes: 0, wipes: 2, cuts: 0, fulls: 0, syncs: 0, crowns: 0 },
        statesMax: 7,
        minutes: 10,
        mutation: 'commit by one',
        plain: false,
        json: true,
      },
    })
  })

  test.each([
    [['--stands', 'many'], '--stands many: expected a whole number from 0 on'],
    [['--crashes', '1.5'], '--crashes 1.5: expected a whole number from 0 on'],
    [['--wipes', '-1'], '--wipes -1: expected a whole number from 0 on'],
    [['--minutes', 'soon'], '--minutes soon: expected a number above 0'],
    [['--stands', '99', '--crashes', '999'], 'the bounds have 200000 combinations: expected 16384 at most'],
    [['--servers', '9'], '--servers 9: expected 2 to 5'],
    [['--crash', '1'], 'Unknown argument: crash'],
    [['--mutate', 'nothing'], 'Choices: "ack before durable"'],
  ])('%j -> what is wrong, and exit code 2', async (argv, problem) => {
    const outcome = await readExploreArguments(argv)
    expect(outcome).toMatchObject({ kind: 'print', exitCode: 2, text: expect.stringContaining(problem) })
  })
})
