import { describe, expect, test } from 'vitest'
import { Client } from '../../src/client/index.ts'
import { UsageError } from '../../src/shell/command.ts'
import { readOptions } from '../../src/shell/options.ts'
import { Output } from '../../src/shell/output.ts'
import { runCommand, wordsOf } from '../../src/shell/run-command.ts'

describe('options', () => {
  test('the shell takes those before the command, the command those behind', async () => {
    expect(
      await readOptions(['-s', 'a:1/app', '--timeout', '2.5', 'create', '-s', '/1', '007'], '9'),
    ).toEqual({
      kind: 'run',
      options: {
        servers: 'a:1/app',
        json: false,
        timeoutMs: 2500,
        keepGoing: false,
        words: ['create', '-s', '/1', '007'],
      },
    })
    expect(await readOptions([], '9')).toMatchObject({
      options: { servers: '127.0.0.1:2181', timeoutMs: 5000, words: [] },
    })
  })

  test('help and version', async () => {
    const help = await readOptions(['--help'], '9')
    expect(help).toMatchObject({ kind: 'print', exitCode: 0 })
    for (const part of ['--server', '--json', '--timeout', '--json get /app', 'Exit codes']) {
      expect(help.kind === 'print' ? help.text : '').toContain(part)
    }
    expect(await readOptions(['--version'], '9.8.7')).toEqual({ kind: 'print', text: '9.8.7', exitCode: 0 })
  })

  test.each([
    [['--nonsense'], 'nonsense'],
    [['-s'], 'Not enough arguments following: s'],
    [['-s', 'a:b', 'ls'], 'port "b" is not a number'],
    [['--timeout', '0', 'ls'], '--timeout'],
    [['--timeout', 'soon', 'ls'], '--timeout'],
  ])('wrong options %j -> one line that says why, exit code 2', async (args, reason) => {
    const outcome = await readOptions(args, '9')
    expect(outcome).toMatchObject({ kind: 'print', exitCode: 2 })
    expect(outcome.kind === 'print' ? outcome.text : '').toContain(reason)
    expect(outcome.kind === 'print' ? outcome.text : '').not.toContain('\n')
  })
})

describe('commands', () => {
  test.each([
    ['frobnicate', 'there is no command "frobnicate"'],
    ['get', 'usage: get <path>'],
    ['set /a two words', 'quote data that has spaces'],
    ['ls -x', "Unknown option '-x'"],
    ['set -v x /a b', 'version "x" is not a whole number'],
    ['set -v 2147483648 /a b', 'version "2147483648" is not a whole number'],
    ['watch -n 0 /a', 'count "0" is not a whole number from 1'],
    ['get "/a', 'is not closed'],
  ])('wrong usage: %s -> says why, and no server is asked', async (line, reason) => {
    const sink = { write() {} }
    const out = new Output({ json: false, out: sink, err: sink, errColour: false })
    const context = {
      client: new Client(),
      currentPath: '/',
      interactive: false,
      stop: new AbortController().signal,
      watches: new Map(),
      readStdin: () => Promise.reject(new Error('not asked for')),
      quit() {},
    }
    const connect = (): Promise<void> => Promise.reject(new Error('a server was asked'))
    const run = async (): Promise<void> => runCommand(wordsOf(line), context, out, connect)
    await expect(run()).rejects.toThrow(UsageError)
    await expect(run()).rejects.toThrow(reason)
  })
})
