import { describe, expect, test } from 'vitest'
import { Client } from '../../src/client/index.ts'
import { aclText, parseAcls } from '../../src/shell/acl-text.ts'
import type { RunningWatch } from '../../src/shell/command.ts'
import { parseArguments, UsageError } from '../../src/shell/command.ts'
import { commands, findCommand } from '../../src/shell/commands/index.ts'
import { wordsOf } from '../../src/shell/line-words.ts'
import { readOptions } from '../../src/shell/options.ts'
import { Output } from '../../src/shell/output.ts'
import { runCommand } from '../../src/shell/run-command.ts'

describe('options', () => {
  test('the shell takes those before the command, the command those behind', async () => {
    expect(
      await readOptions(['-s', 'a:1/app', '--timeout', '2.5', 'create', '-s', '/1', '007'], '9'),
    ).toEqual({
      kind: 'run',
      options: {
        servers: 'a:1/app',
        auth: null,
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

  test('a chroot joins the servers; an identity is a scheme and the rest', async () => {
    expect(
      await readOptions(['-s', 'a:1,b:2', '--chroot', '/team/x', '--auth', 'digest:u:p:q', 'ls'], '9'),
    ).toMatchObject({
      options: { servers: 'a:1,b:2/team/x', auth: { scheme: 'digest', credential: 'u:p:q' }, words: ['ls'] },
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
    [['-s', 'a:1/x', '--chroot', '/y', 'ls'], 'names one already'],
    [['--chroot', 'y', 'ls'], 'does not start with "/"'],
    [['--chroot', '/y/', 'ls'], 'ends with "/"'],
    [['--auth', 'digest', 'ls'], 'expected scheme:credential'],
  ])('wrong options %j -> one line that says why, exit code 2', async (args, reason) => {
    const outcome = await readOptions(args, '9')
    expect(outcome).toMatchObject({ kind: 'print', exitCode: 2 })
    expect(outcome.kind === 'print' ? outcome.text : '').toContain(reason)
    expect(outcome.kind === 'print' ? outcome.text : '').not.toContain('\n')
  })
})

describe('command lines', () => {
  test.each([
    ['frobnicate', 'there is no command "frobnicate"'],
    ['get', 'usage: get <path>'],
    ['set /a two words', 'quote data that has spaces'],
    ['ls -x', "Unknown option '-x'"],
    ['set -v x /a b', 'version "x" is not a whole number'],
    ['set -v 2147483648 /a b', 'version "2147483648" is not a whole number'],
    ['watch -n 0 /a', 'count "0" is not a whole number from 1'],
    ['get "/a', 'is not closed'],
    ['create -t 1099511627776 /a', 'ttl "1099511627776" is not a whole number from 1 to 1099511627775'],
    ['create -t 1.5 /a', 'ttl "1.5" is not a whole number'],
    ['setquota -n -1 /a', 'argument is ambiguous'],
    ['4lw', 'usage: 4lw <word> [server]'],
  ])('wrong usage: %s -> says why, and no server is asked', async (line, reason) => {
    const sink = { write() {} }
    const out = new Output({ json: false, out: sink, err: sink, errColour: false })
    const context = {
      client: new Client(),
      currentPath: '/',
      interactive: false,
      stop: new AbortController().signal,
      servers: [],
      timeoutMs: 1000,
      watches: new Set<RunningWatch>(),
      readStdin: () => Promise.reject(new Error('not asked for')),
      readBlock: () => Promise.reject(new Error('not asked for')),
      quit() {},
    }
    const connect = (): Promise<void> => Promise.reject(new Error('a server was asked'))
    const run = async (): Promise<void> => runCommand(wordsOf(line), context, out, connect)
    await expect(run()).rejects.toThrow(UsageError)
    await expect(run()).rejects.toThrow(reason)
  })
})

/** What is asked for before a server is, or without one. */
describe('arguments that only the command understands', () => {
  async function fault(line: string): Promise<string> {
    const sink = { write() {} }
    const out = new Output({ json: false, out: sink, err: sink, errColour: false })
    const context = {
      client: new Client(),
      servers: [],
      timeoutMs: 1000,
      currentPath: '/',
      interactive: false,
      stop: new AbortController().signal,
      watches: new Set<RunningWatch>(),
      readStdin: () => Promise.reject(new Error('not asked for')),
      readBlock: async (take: (line: string) => void) => ['create /a', 'set /a'].forEach(take),
      quit() {},
    }
    const run = runCommand(wordsOf(line), context, out, () => Promise.resolve())
    return run.then(
      () => 'none',
      (error: unknown) => (error instanceof UsageError ? error.message : `no UsageError: ${String(error)}`),
    )
  }

  test.each([
    ['create -a world:anyone /a', '"world:anyone" is not an entry of an access control list'],
    ['setacl /a world:anyone:rx', 'permissions of the letters r(ead) w(rite)'],
    ['txn frob /a', 'txn: operation 1: found "frob", expected one of create'],
    ['txn create /a , set /b c', '(the form is txn <operation> [; <operation> ...])'],
    [
      'txn create /a ; set /a',
      'txn: operation 2: set: 1 arguments instead of 2 (usage: set [-v version] <path> <data>)',
    ],
    ['txn create /a ; ; check /b', 'txn: operation 2: found "", expected one of create'],
    ['txn check /b ; create -e -t 5 /a', 'txn: operation 2: an ephemeral node ends with its session'],
    ['txn', 'txn: operation 2: set: 1 arguments instead of 2'],
    ['txn', '(the form is one operation a line, up to an empty line)'],
    ['setquota /a', 'no limit given'],
    ['4lw nope', 'there is no word "nope": expected one of conf cons'],
    ['4lw --mask 3 ruok', '--mask goes with stmk only'],
    ['4lw ruok a:b', 'port "b" is not a number'],
    ['4lw ruok', 'name a server'],
    ['removewatches -d -c /a', 'give one kind'],
  ])('%s -> %s', async (line, reason) => {
    expect(await fault(line)).toContain(reason)
  })
})

describe('commands', () => {
  test('each has examples, which are written as it wants them', () => {
    for (const command of commands) {
      expect(command.examples.length, command.name).toBeGreaterThan(0)
      for (const example of command.examples) {
        const [name = '', ...words] = wordsOf(example)
        expect(findCommand(name), example).toBe(command)
        expect(() => parseArguments(command, words), example).not.toThrow()
      }
    }
  })

  test('capitals do not matter, nor which of its names is used', () => {
    expect(findCommand('getAcl')).toBe(findCommand('getacl'))
    expect(findCommand('multi')?.name).toBe('txn')
    expect(findCommand('getAllChildrenNumber')?.name).toBe('count')
    expect(findCommand('getaclx')).toBeUndefined()
  })
})

describe('access control lists as text', () => {
  test.each([
    ['world:anyone:rwcda', [{ scheme: 'world', id: 'anyone', perms: 31 }]],
    ['auth::r', [{ scheme: 'auth', id: '', perms: 1 }]],
    ['digest:u:h=:a', [{ scheme: 'digest', id: 'u:h=', perms: 16 }]],
    ['ip:::1:', [{ scheme: 'ip', id: '::1', perms: 0 }]],
    [
      'x509:CN=a,OU=b:r,world:anyone:d',
      [
        { scheme: 'x509', id: 'CN=a,OU=b', perms: 1 },
        { scheme: 'world', id: 'anyone', perms: 8 },
      ],
    ],
  ])('%s is read, and written again as it was', (text, acls) => {
    expect(parseAcls(text)).toEqual(acls)
    expect(acls.map(aclText).join()).toBe(text)
  })

  test.each(['', 'world', 'world:anyone', ':x:r', 'world:anyone:R', 'a:b:r,c'])('"%s" is refused', (text) => {
    expect(() => parseAcls(text)).toThrow(UsageError)
  })
})
