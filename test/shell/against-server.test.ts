import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client } from '../../src/client/index.ts'
import { type Backend, backendKinds, until } from '../client/backends.ts'

const root = join(import.meta.dirname, '../..')
const program = ['--import', 'tsx', join(import.meta.dirname, 'run-main.ts')]

interface Run {
  code: number | null
  out: string
  err: string
}

/** The shell as a process: what it has printed so far, and how it ends. */
interface RunningShell {
  readonly child: ChildProcessWithoutNullStreams
  readonly printed: { out: string; err: string }
  readonly ended: Promise<Run>
}

function startShell(args: string[]): RunningShell {
  const child = spawn(process.execPath, [...program, ...args], { cwd: root })
  const printed = { out: '', err: '' }
  child.stdout.on('data', (bytes) => {
    printed.out += String(bytes)
  })
  child.stderr.on('data', (bytes) => {
    printed.err += String(bytes)
  })
  const ended = new Promise<Run>((resolve) => {
    child.on('close', (code) => resolve({ code, ...printed }))
  })
  return { child, printed, ended }
}

/** Runs the shell to its end. */
function shell(args: string[], options: { input?: string | Buffer } = {}): Promise<Run> {
  const { child, ended } = startShell(args)
  child.stdin.end(options.input ?? '')
  return ended
}

describe('shell without a server', () => {
  test('help goes to stdout with exit code 0; wrong usage to stderr with 2', async () => {
    const [help, wrong] = await Promise.all([shell(['help', 'ls']), shell(['frobnicate'])])
    expect([help.code, help.err]).toEqual([0, ''])
    expect(help.out).toContain('-R, --recursive')
    expect([wrong.code, wrong.out]).toEqual([2, ''])
    expect(wrong.err).toBe('zk-shell: there is no command "frobnicate": help lists them\n')
  })

  test('nobody listens -> says so within the timeout, exit code 3', async () => {
    const run = await shell(['-s', '127.0.0.1:1', '--timeout', '0.5', 'ls'])
    expect([run.code, run.out]).toEqual([3, ''])
    expect(run.err).toMatch(/^zk-shell: .*127\.0\.0\.1:1.*500 ms.*nothing listens there/)
    const json = await shell(['-s', '127.0.0.1:1', '--timeout', '0.5', '--json', 'ls'])
    expect(JSON.parse(json.err)).toMatchObject({ error: 'connectionLoss', code: -4 })
  })
})

for (const kind of backendKinds) {
  if (kind.missing !== null) console.warn(`skipped against ${kind.name}: ${kind.missing}`)
  describe.skipIf(kind.missing !== null)(`shell against ${kind.name}`, () => {
    let backend: Backend
    let server: string[] = []
    beforeAll(async () => {
      backend = await kind.start()
      server = ['-s', `127.0.0.1:${backend.port}`]
    })
    afterAll(() => backend?.stop())

    const one = (...args: string[]): Promise<Run> => shell([...server, ...args])

    test('one command a run: results on stdout, errors on stderr with the way out, the session ends with it', async () => {
      expect(await one('create', '/one', 'two words')).toEqual({ code: 0, out: '/one\n', err: '' })
      const [get, json, long, missing] = await Promise.all([
        one('get', '/one'),
        one('--json', 'get', '/one'),
        one('ls', '-l', '/', '--json'),
        one('create', '/no/parent'),
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

    test('the commands', async () => {
      const script: [string, string][] = [
        ['create /all', '/all'],
        ['set -v 0 /all -- -5', ''],
        ['get /all', '-5'],
        ['create -s /all/n-', '/all/n-0000000000'],
        ['create -s /all/', '/all/0000000001'],
        ['create -p /all/x/y deep', '/all/x/y'],
        ['ls /all', '0000000001\nn-0000000000\nx'],
        ['ls -R /all/x', '/all/x\n/all/x/y'],
        ['tree /all', '/all\n├── 0000000001\n├── n-0000000000\n└── x\n    └── y'],
        ['cd /all/x', ''],
        ['pwd', '/all/x'],
        ['get y', 'deep'],
        ['getacl ..', 'world:anyone:rwcda'],
        ['sync', ''],
        ['get --json y', '{"path":"/all/x/y","data":"deep","encoding":"utf8",'],
        ['delete y', ''],
        ['ls', ''],
        ['deleteall /all', ''],
      ]
      const run = await shell(server, { input: script.map(([line]) => `${line}\n`).join('') })
      expect(run.err).toBe('')
      let rest = run.out
      for (const [line, expected] of script) {
        expect(rest.startsWith(expected), `${line}: ${JSON.stringify(rest.slice(0, 80))}`).toBe(true)
        if (expected.startsWith('{')) rest = rest.slice(rest.indexOf('\n') + 1)
        else if (expected !== '') rest = rest.slice(expected.length + 1)
      }
      expect(rest).toBe('')
    })

    test('a znode that may not be read among others -> the others are shown, then the refusal, exit code 1', async () => {
      const run = await shell(server, {
        input:
          'create /dark\ncreate /dark/a\ncreate -p /dark/b/below\ncreate /dark/c\nsetacl /dark/b world:anyone:cda\n',
      })
      expect(run.err).toBe('')
      const [tree, recursive, long, itself] = await Promise.all([
        one('tree', '/dark'),
        one('ls', '-R', '/dark'),
        one('ls', '-l', '/dark'),
        one('tree', '/dark/b'),
      ])
      const refusal = (command: string): string =>
        `zk-shell: ${command} /dark/b: not permitted by the access control list (getacl /dark/b shows who may; addauth proves an identity)\n`
      expect(tree).toEqual({ code: 1, out: '/dark\n├── a\n├── b\n└── c\n', err: refusal('tree') })
      expect(recursive).toEqual({ code: 1, out: '/dark\n/dark/a\n/dark/b\n/dark/c\n', err: refusal('ls') })
      expect(itself).toEqual({ code: 1, out: '', err: refusal('tree') })
      // ZooKeeper tells the stat of a node that may not be read, up to 3.8.3.
      const [a = '', b = '', c = ''] = long.out.split('\n')
      expect([a.slice(-3), b.slice(-3), c.slice(-3)]).toEqual(['  a', '  b', '  c'])
      if (kind.name === 'Banyan')
        expect([long.code, b, long.err]).toEqual([1, expect.stringMatching(/^\?[ ?]+b$/), refusal('ls')])
    })

    test('container, TTL and closed znodes; identities and lists', async () => {
      const run = await shell([...server, '--keep-going'], {
        input: [
          'create --container /kinds',
          'create --ttl 60000 -s /kinds/t-',
          'create --acl auth::rwcda /kinds/mine',
          'addauth digest u:p',
          'create --acl auth::rwcda,world:anyone:r /kinds/mine x',
          'getAcl /kinds/mine',
          'setacl -v 7 /kinds/mine world:anyone:rwcda',
          'setacl -v 0 /kinds/mine world:anyone:rwcda',
          'getacl --json /kinds/mine',
          'create -e /kinds/gone',
          'getephemerals /kinds/g',
          'count /kinds',
          'deleteall /kinds',
        ].join('\n'),
      })
      expect(run.out.split('\n')).toEqual([
        '/kinds',
        expect.stringMatching(/^\/kinds\/t-\d{10}$/),
        '/kinds/mine',
        'digest:u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=:rwcda',
        'world:anyone:r',
        '{"path":"/kinds/mine","scheme":"world","id":"anyone","perms":31,"aversion":1}',
        '/kinds/gone',
        '/kinds/gone',
        '3',
        '',
      ])
      expect(run.err.split('\n')).toEqual([
        expect.stringContaining(
          'line 3: create /kinds/mine: the access control list is not valid (auth needs',
        ),
        'zk-shell: line 7: setacl /kinds/mine: the version is not the expected one (stat /kinds/mine shows the present aclVersion)',
        '',
      ])
    })

    test('an identity for one command comes as an option; a refused one ends it', async () => {
      const [as, refused] = await Promise.all([
        one('--auth', 'digest:u:p', 'whoami'),
        one('--auth', 'nonsense:x', 'create', '/not-made'),
      ])
      expect([as.code, as.out.split('\n').sort()]).toEqual([0, ['', 'digest:u', 'ip:127.0.0.1']])
      expect([refused.code, refused.out]).toEqual([1, ''])
      expect(refused.err).toContain('the server refuses these credentials (scheme "nonsense")')
      const there = await one('stat', '/not-made')
      expect(there.err).toContain('the node does not exist')
    })

    test('txn: on one line, or in a block; a failure tells of every operation', async () => {
      const run = await shell([...server, '--keep-going'], {
        input: [
          'txn create /txn one ; create -s /txn/n- "a ; b" ; set -v 0 /txn two ; check -v 1 /txn',
          'txn set /txn three ; delete /txn ; check /txn',
          'txn',
          'create /txn/block',
          "set /txn '; three'",
          '',
          'get /txn',
          'txn --json delete /txn/none',
          'deleteall /txn',
        ].join('\n'),
      })
      expect(run.out).toBe(
        [
          '1  create /txn: done',
          '2  create /txn/n-0000000000: done',
          '3  set /txn: done, version 1',
          '4  check /txn: done',
          '1  set /txn: not done',
          '2  delete /txn: failed: the node has children',
          '3  check /txn: not done',
          '1  create /txn/block: done',
          '2  set /txn: done, version 2',
          '; three',
          '{"operation":1,"type":"delete","path":"/txn/none","done":false,"error":"noNode"}',
          '',
        ].join('\n'),
      )
      expect(run.err).toBe(
        [
          'zk-shell: line 2: txn /txn: the node has children (operation 2 of 3 in a transaction: delete) (use deleteall /txn to delete it with everything below)',
          'zk-shell: line 8: txn /txn/none: the node does not exist (operation 1 of 1 in a transaction: delete)',
          '',
        ].join('\n'),
      )
      const piped = await shell([...server, '--json', 'txn'], { input: 'create /txn\ndelete /txn\n' })
      expect(
        piped.out
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
      ).toEqual([
        { operation: 1, type: 'create', path: '/txn', done: true },
        { operation: 2, type: 'delete', path: '/txn', done: true },
      ])
    })

    test('txn: a bad line in a block -> named, nothing is done, and the rest of the block is no command', async () => {
      const input = ['txn', 'create /bad', 'set /bad', 'create /bad/2', '', 'stat /bad'].join('\n')
      const [goesOn, stops] = await Promise.all([
        shell([...server, '--keep-going'], { input }),
        shell([...server], { input: 'txn\nset /bad\n\ncreate /bad' }),
      ])
      const refusal = '2: set: 1 arguments instead of 2'
      expect([goesOn.code, goesOn.out, goesOn.err.split('\n').length]).toEqual([2, '', 3])
      expect(goesOn.err).toContain(`line 3: txn: operation ${refusal}`)
      expect(goesOn.err).toContain('line 6: stat /bad: the node does not exist')
      expect([stops.code, stops.out, stops.err]).toEqual([
        2,
        '',
        expect.stringContaining('line 2: txn: operation 1'),
      ])
    })

    test('quotas: set, listed with what is used, none inside another, taken away', async () => {
      const run = await shell([...server, '--keep-going'], {
        input: [
          'create /lim 12345',
          'create /lim/it',
          'setquota -n 5 -B 100 /lim',
          'setquota -b 50 /lim',
          'setquota -n 1 /lim/it',
          'listquota',
          'delquota -n /lim',
          'listquota --json /lim',
          'delquota /lim',
          'listquota /lim',
          'deleteall /lim',
        ].join('\n'),
      })
      expect(run.out.split('\n')).toEqual([
        '/lim',
        '/lim/it',
        '/lim  count 2 of 5; bytes 5 of 50 (hard 100)',
        '{"path":"/lim","limits":{"count":null,"bytes":50,"countHard":null,"bytesHard":100},"usage":{"count":2,"bytes":5}}',
        '',
      ])
      expect(run.err.split('\n')).toEqual([
        'zk-shell: line 5: setquota: /lim/it cannot have a quota: /lim above it has one, and they would not add up; delete that first',
        'zk-shell: line 10: listquota /lim: there is no quota on this znode or below it',
        '',
      ])
    })

    test('chroot: everything below it; one that does not exist is named, and can be made', async () => {
      const run = await shell([...server, '--chroot', '/deep/root', '--keep-going'], {
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
      expect((await one('get', '/deep/root/x')).out).toBe('y\n')
      await one('deleteall', '/deep')
    })

    test('addwatch: every event below, until it has told enough', async () => {
      const client = new Client({ servers: server[1] ?? '' })
      await client.connect()
      await client.create('/persist')
      const { printed, ended } = startShell([...server, 'addwatch', '-r', '-n', '3', '/persist'])
      await until(
        () => printed.err.includes('watching /persist and everything below it'),
        'the watch to stand',
      )
      await client.create('/persist/a')
      await client.set('/persist/a', 'x')
      await client.delete('/persist/a')
      await client.delete('/persist')
      expect((await ended).code).toBe(0)
      expect(printed.out.replace(/ \(zxid [^)]*\)/g, '')).toBe(
        'created /persist/a\ndataChanged /persist/a\ndeleted /persist/a\n',
      )
      await client.close()
    })

    test('4lw: the answer of the server, or why there is none', async () => {
      const [ruok, json, none] = await Promise.all([
        one('4lw', 'ruok'),
        one('--json', '4lw', 'isro'),
        one('4lw', 'srvr', '127.0.0.1:1'),
      ])
      expect(ruok).toEqual({ code: 0, out: 'imok\n', err: '' })
      expect(JSON.parse(json.out)).toEqual({ server: server[1], word: 'isro', answer: 'rw' })
      expect([none.code, none.err]).toEqual([
        1,
        'zk-shell: 4lw: 127.0.0.1:1: nothing listens there (ECONNREFUSED)\n',
      ])
    })

    test('stat, ls -l and session say what they found', async () => {
      const run = await shell(server, {
        input: 'create /told abc\nstat /told\nls -l /\nsession\ndelete /told\n',
      })
      expect(run.out).toContain('dataVersion = 0\naclVersion = 0\nephemeralOwner = 0x0\ndataLength = 3\n')
      expect(run.out).toMatch(/\n- +v0 +3 +0 {2}\d{4}-.*Z {2}told\n/)
      expect(run.out).toContain(`exactly-once writes = ${kind.grantsExactlyOnce ? 'yes' : 'no'}\n`)
    })

    test('binary data through standard input and output', async () => {
      const bytes = Buffer.from(Array.from({ length: 256 }, (_unused, i) => i))
      await shell([...server, 'create', '/bytes', '-'], { input: bytes })
      const run = spawnSync(process.execPath, [...program, ...server, 'get', '/bytes'], { cwd: root })
      expect(run.stdout).toEqual(Buffer.concat([bytes, Buffer.from('\n')]))
    })

    test('commands on standard input: one session, stops at the first failure unless told otherwise', async () => {
      const script = 'create /s # a comment\ncd /s\ncreate -e mine "a b"\nget mine\nget none\npwd\n'
      const run = await shell(server, { input: script })
      expect([run.code, run.out]).toEqual([1, '/s\n/s/mine\na b\n'])
      expect(run.err).toBe('zk-shell: line 5: get /s/none: the node does not exist\n')
      const kept = await shell([...server, '--keep-going'], { input: `deleteall /s\n${script}` })
      expect([kept.code, kept.out]).toEqual([1, '/s\n/s/mine\na b\n/s\n'])
    })

    test('watch: reports until it has what it wants, or Ctrl-C', async () => {
      const client = new Client({ servers: server[1] ?? '' })
      await client.connect()
      const { child, printed, ended } = startShell([...server, 'watch', '/watched'])
      await until(() => printed.err.includes('which does not exist yet'), 'the watch to stand')
      await client.create('/watched', 'x')
      await until(() => printed.out.includes('created /watched'), 'the creation to be told')
      await client.set('/watched', 'y')
      await until(() => printed.out.includes('dataChanged /watched'), 'the change to be told')
      child.kill('SIGINT')
      expect((await ended).code).toBe(0)
      const once = one('watch', '--once', '/watched', '--json')
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
          cwd: root,
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
          ...program,
          ...server,
        )
      const client = new Client({ servers: server[1] ?? '' })
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
}
