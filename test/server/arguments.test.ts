import { describe, expect, it } from 'vitest'
import { readArguments } from '../../src/server/arguments.ts'

const read = (...argv: string[]) => readArguments(argv, '1.2.3')
const plain = { logFormat: 'text', check: false }

describe('zkserver arguments', () => {
  it('the plain forms -> taken as they are', async () => {
    expect(await read('1', 'c.txt')).toEqual({
      kind: 'run',
      values: { ...plain, serverId: 1, configFile: 'c.txt' },
    })
    expect(await read('zoo.cfg')).toEqual({
      kind: 'run',
      values: { ...plain, serverId: null, configFile: 'zoo.cfg' },
    })
  })

  it('options on either side -> the same, with them', async () => {
    const expected = {
      kind: 'run',
      values: { serverId: 2, configFile: 'c.txt', logFormat: 'json', check: true },
    }
    expect(await read('--log', 'json', '2', 'c.txt', '--check')).toEqual(expected)
    expect(await read('2', 'c.txt', '--check', '--log=json')).toEqual(expected)
  })

  it('help and version -> printed, exit code 0', async () => {
    const help = await read('--help')
    expect(help).toMatchObject({ kind: 'print', exitCode: 0 })
    expect(help.kind === 'print' && help.text).toMatch(
      /zkserver <id> <config>[\s\S]*config\/three\.txt[\s\S]*Exit codes/,
    )
    expect(await read('--version')).toEqual({ kind: 'print', exitCode: 0, text: '1.2.3' })
  })

  const wrong: [argv: string[], complaint: string][] = [
    [[], 'found no arguments; expected a configuration file, or a server id and one'],
    [['3'], 'found only the server id 3; expected a configuration file behind it'],
    [['x', 'c.txt'], 'found server id "x"; expected a whole number from 0 to 255'],
    [['1', 'c.txt', 'd'], 'found 3 arguments; expected a server id and a configuration file'],
    [['1', 'c.txt', '--colour'], 'Unknown argument: colour'],
    [['1', 'c.txt', '--log', 'xml'], 'Invalid values'],
  ]
  for (const [argv, complaint] of wrong) {
    it(`"${argv.join(' ')}" -> usage, exit code 2`, async () => {
      const outcome = await read(...argv)
      expect(outcome).toMatchObject({ kind: 'print', exitCode: 2 })
      expect(outcome.kind === 'print' && outcome.text).toContain(complaint)
      expect(outcome.kind === 'print' && outcome.text).toContain('Usage: zkserver <id> <config>')
    })
  }
})
