import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Client } from '../../src/client/index.ts'
import { until } from '../client/backends.ts'
import { describeAgainstServers, repositoryRoot, shell, shellProgram, startShell } from './shell-process.ts'

describe('shell without a server', () => {
  test('help goes to stdout with exit code 0; wrong usage to stderr with 2', async () => {
    const [help, wrong] = await Promise.all([shell(['help', 'ls']), shell(['frobnicate'])])
    expect([help.code, help.err]).toEqual([0, ''])
    expect(help.out).toContain('-R, --recursive')
    expect([wrong.code, wrong.out]).toEqual([2, ''])
    expect(wrong.err).toBe('zk-shell: there is no command "frobnicate": help lists them\n')
  })

  test('nobody listens -> says so within the timeout, exit code 3', async () => {
    const run = await shell(['-s', '127.0.0.1:1', '--timeout', '2', 'ls'])
    expect([run.code, run.out]).toEqual([3, ''])
    expect(run.err).toMatch(/^zk-shell: .*127\.0\.0\.1:1.*2000 ms.*nothing listens there/)
    const json = await shell(['-s', '127.0.0.1:1', '--timeout', '2', '--json', 'ls'])
    expect(JSON.parse(json.err)).toMatchObject({ error: 'connectionLoss', code: -4 })
  })
})

describeAgainstServers('shell program', (target) => {
  test('one command a run: results on stdout, errors on stderr with the way out, the session ends with it', async () => {
    expect(await target.one('create', '/one', 'two words')).toEqual({ code: 0, out: '/one\n', err: '' })
    const [get, json, long, missing] = await Promise.all([
      target.one('get', '/one'),
      target.one('--json', 'get', '/one'),
      target.one('ls', '-l', '/', '--json'),
      target.one('create', '/no/parent'),
    ])
    expect(get).toEqual({ code: 0, out: 'two words\n', err: '' })
    expect(JSON.parse(json.out)).toMatchObject({ path: '/one', data: 'two words', stat: { version: 0 } })
    expect(long.out.split('\n').map((line) => (line === '' ? null : JSON.parse(line).path))).toEqual([
      '/one',
      '/zookeeper',
      null,
    ])
    expect(missing).toEqual({
      code: 1,
      out: '',
      err: 'zk-shell: create /no/parent: the node does not exist (its parent /no is missing: create that first, or use create -p)\n',
    })
  })

  test('chroot: everything below it; one that does not exist is named, and can be made', async () => {
    const run = await shell([...target.server, '--chroot', '/deep/root', '--keep-going'], {
      input: 'create /x\ncreate -p /\ncreate /x y\nls /\n',
    })
    expect(run.err).toBe(
      [
        'the chroot /deep/root does not exist yet: create -p / makes it',
        'zk-shell: line 1: create /x: the node does not exist (its parent / is missing: create that first, or use create -p)',
        '',
      ].join('\n'),
    )
    expect(run.out).toBe('/\n/x\nx\n')
    expect((await target.one('get', '/deep/root/x')).out).toBe('y\n')
    await target.one('deleteall', '/deep')
  })

  test('commands on standard input: one session, stops at the first failure unless told otherwise', async () => {
    const script = 'create /s # a comment\ncd /s\ncreate -e mine "a b"\nget mine\nget none\npwd\n'
    const run = await shell(target.server, { input: script })
    expect([run.code, run.out]).toEqual([1, '/s\n/s/mine\na b\n'])
    expect(run.err).toBe('zk-shell: line 5: get /s/none: the node does not exist\n')
    const kept = await shell([...target.server, '--keep-going'], { input: `deleteall /s\n${script}` })
    expect([kept.code, kept.out]).toEqual([1, '/s\n/s/mine\na b\n/s\n'])
  })

  test('binary data through standard input and output', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_unused, i) => i))
    await shell([...target.server, 'create', '/bytes', '-'], { input: bytes })
    const run = spawnSync(process.execPath, [...shellProgram, ...target.server, 'get', '/bytes'], {
      cwd: repositoryRoot,
    })
    expect(run.stdout).toEqual(Buffer.concat([bytes, Buffer.from('\n')]))
  })

  test('watch: reports until it has what it wants, or Ctrl-C', async () => {
    const client = new Client({ servers: target.server[1] ?? '' })
    await client.connect()
    const { child, printed, ended } = startShell([...target.server, 'watch', '/watched'])
    await until(() => printed.err.includes('which does not exist yet'), 'the watch to stand')
    await client.create('/watched', 'x')
    await until(() => printed.out.includes('created /watched'), 'the creation to be told')
    await client.set('/watched', 'y')
    await until(() => printed.out.includes('dataChanged /watched'), 'the change to be told')
    child.kill('SIGINT')
    expect((await ended).code).toBe(0)
    const once = target.one('watch', '--once', '/watched', '--json')
    let settled = false
    void once.then(() => {
      settled = true
    })
    let version = 1
    await until(async () => {
      version = (await client.set('/watched', 'z')).version
      return settled
    }, 'the one change to be told')
    expect(JSON.parse((await once).out)).toMatchObject({ event: 'dataChanged', path: '/watched' })
    expect(version).toBeGreaterThan(1)
    await client.close()
  })

  const tmux = spawnSync('tmux', ['-V']).status === 0
  if (!tmux) console.warn('skipped the interactive shell: tmux is missing')
  test.skipIf(!tmux)('interactive: prompt, completion, history, watches above the typed line', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'banyan-shell-'))
    const socket = join(folder, 'tmux')
    const run = (...args: string[]): string =>
      spawnSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], {
        cwd: repositoryRoot,
        env: { ...process.env, XDG_STATE_HOME: folder, TERM: 'xterm-256color' },
      }).stdout.toString()
    const keys = (...names: string[]): string => run('send-keys', '-t', 'shell', ...names)
    const screen = (): string => run('capture-pane', '-p', '-t', 'shell')
    const shows = (text: string): Promise<void> =>
      until(() => screen().includes(text), `"${text}" on the screen`, 15_000).catch((error: unknown) => {
        throw new Error(`${String(error)}; it shows:\n${screen()}`)
      })
    const start = (): string =>
      run(
        'new-session',
        '-d',
        '-s',
        'shell',
        '-x',
        '100',
        '-y',
        '40',
        process.execPath,
        ...shellProgram,
        ...target.server,
      )
    const client = new Client({ servers: target.server[1] ?? '' })
    await client.connect()
    try {
      start()
      await shows('[connected /]>')
      keys('crea')
      await shows('> crea')
      keys('Tab')
      await shows('> create')
      keys('/inter', 'Space', "'two words'", 'Enter')
      await until(async () => (await client.exists('/inter')) !== null, 'the node')
      keys('cd /int')
      await shows('> cd /int')
      keys('Tab')
      await shows('> cd /inter')
      keys('Enter')
      await shows('[connected /inter]>')
      keys('create child', 'Enter')
      await shows('/inter/child')
      keys('get ch')
      await shows('> get ch')
      keys('Tab')
      await shows('> get child')
      keys('C-c')
      keys('get .', 'Enter')
      await shows('\ntwo words\n')
      keys('get none', 'Enter')
      await shows('zk-shell: get /inter/none: the node does not exist')
      keys('watch .', 'Enter')
      await shows('watching /inter')
      keys('set . half')
      await shows('> set . half')
      await client.set('/inter', 'other')
      await shows('dataChanged /inter')
      expect(screen().trimEnd().split('\n').at(-1)).toBe('[connected /inter]> set . half')
      keys('-l', '--', '-done')
      keys('Enter')
      await until(async () => (await client.get('/inter')).data?.toString() === 'half-done', 'the set')
      keys('txn', 'Enter')
      await shows('\ntxn>')
      keys('cre', 'Tab')
      await shows('txn> create')
      keys('blocked', 'Enter', 'set bl')
      await shows('txn> set bl')
      keys('C-c')
      await shows('txn: interrupted')
      await until(
        () => screen().trimEnd().split('\n').at(-1)?.trimEnd() === '[connected /inter]>',
        'the prompt again',
      )
      keys('txn', 'Enter', 'set child', 'Enter')
      await shows('txn: operation 1: set: 1 arguments instead of 2')
      keys('create spoiled', 'Enter', 'Enter')
      await shows('txn: nothing was done')
      expect(await client.exists('/inter/spoiled')).toBeNull()
      keys('txn', 'Enter', 'create child/x', 'Enter', 'delete ch', 'Tab')
      await shows('txn> delete child')
      keys('BSpace', '/x', 'Enter', 'Enter')
      await shows('2  delete /inter/child/x: done')
      expect(await client.exists('/inter/blocked')).toBeNull()
      keys('C-d')
      await until(() => run('list-sessions') === '', 'the shell to leave')
      expect(await readFile(join(folder, 'banyan/history'), 'utf8')).toContain('set . half-done\n')
      start()
      await shows('[connected /]>')
      keys('Up')
      await shows('> delete child/x')
      keys('C-c')
      keys('quit', 'Enter')
      await until(() => run('list-sessions') === '', 'the shell to leave again')
    } finally {
      run('kill-server')
      await client.close()
      await rm(folder, { recursive: true, force: true })
    }
  })
})
