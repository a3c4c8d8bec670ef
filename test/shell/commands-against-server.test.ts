import { expect, test } from 'vitest'
import { Client } from '../../src/client/index.ts'
import { until } from '../client/backends.ts'
import { describeAgainstServers, shell, startShell } from './shell-process.ts'

describeAgainstServers('shell commands', (target) => {
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
    const run = await shell(target.server, { input: script.map(([line]) => `${line}\n`).join('') })
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
    const run = await shell(target.server, {
      input:
        'create /dark\ncreate /dark/a\ncreate -p /dark/b/below\ncreate /dark/c\nsetacl /dark/b world:anyone:cda\n',
    })
    expect(run.err).toBe('')
    const [tree, recursive, long, itself] = await Promise.all([
      target.one('tree', '/dark'),
      target.one('ls', '-R', '/dark'),
      target.one('ls', '-l', '/dark'),
      target.one('tree', '/dark/b'),
    ])
    const refusal = (command: string): string =>
      `zk-shell: ${command} /dark/b: not permitted by the access control list (getacl /dark/b shows who may; addauth proves an identity)\n`
    expect(tree).toEqual({ code: 1, out: '/dark\n├── a\n├── b\n└── c\n', err: refusal('tree') })
    expect(recursive).toEqual({ code: 1, out: '/dark\n/dark/a\n/dark/b\n/dark/c\n', err: refusal('ls') })
    expect(itself).toEqual({ code: 1, out: '', err: refusal('tree') })
    // ZooKeeper tells the stat of a node that may not be read, up to 3.8.3.
    const [a = '', b = '', c = ''] = long.out.split('\n')
    expect([a.slice(-3), b.slice(-3), c.slice(-3)]).toEqual(['  a', '  b', '  c'])
    if (target.kind.name === 'Banyan')
      expect([long.code, b, long.err]).toEqual([1, expect.stringMatching(/^\?[ ?]+b$/), refusal('ls')])
  })

  test('container, TTL and closed znodes; identities and lists', async () => {
    const run = await shell([...target.server, '--keep-going'], {
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
      expect.stringContaining('line 3: create /kinds/mine: the access control list is not valid (auth needs'),
      'zk-shell: line 7: setacl /kinds/mine: the version is not the expected one (stat /kinds/mine shows the present aclVersion)',
      '',
    ])
  })

  test('an identity for one command comes as an option; a refused one ends it', async () => {
    const [as, refused] = await Promise.all([
      target.one('--auth', 'digest:u:p', 'whoami'),
      target.one('--auth', 'nonsense:x', 'create', '/not-made'),
    ])
    expect([as.code, as.out.split('\n').sort()]).toEqual([0, ['', 'digest:u', 'ip:127.0.0.1']])
    expect([refused.code, refused.out]).toEqual([1, ''])
    expect(refused.err).toContain('the server refuses these credentials (scheme "nonsense")')
    const there = await target.one('stat', '/not-made')
    expect(there.err).toContain('the node does not exist')
  })

  test('txn: on one line, or in a block; a failure tells of every operation', async () => {
    const run = await shell([...target.server, '--keep-going'], {
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
    const piped = await shell([...target.server, '--json', 'txn'], { input: 'create /txn\ndelete /txn\n' })
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
      shell([...target.server, '--keep-going'], { input }),
      shell([...target.server], { input: 'txn\nset /bad\n\ncreate /bad' }),
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
    const run = await shell([...target.server, '--keep-going'], {
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

  test('addwatch: every event below, until it has told enough', async () => {
    const client = new Client({ servers: target.server[1] ?? '' })
    await client.connect()
    await client.create('/persist')
    const { printed, ended } = startShell([...target.server, 'addwatch', '-r', '-n', '3', '/persist'])
    await until(() => printed.err.includes('watching /persist and everything below it'), 'the watch to stand')
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
      target.one('4lw', 'ruok'),
      target.one('--json', '4lw', 'isro'),
      target.one('4lw', 'srvr', '127.0.0.1:1'),
    ])
    expect(ruok).toEqual({ code: 0, out: 'imok\n', err: '' })
    expect(JSON.parse(json.out)).toEqual({ server: target.server[1], word: 'isro', answer: 'rw' })
    expect([none.code, none.err]).toEqual([
      1,
      'zk-shell: 4lw: 127.0.0.1:1: nothing listens there (ECONNREFUSED)\n',
    ])
  })

  test('stat, ls -l and session say what they found', async () => {
    const run = await shell(target.server, {
      input: 'create /told abc\nstat /told\nls -l /\nsession\ndelete /told\n',
    })
    expect(run.out).toContain('dataVersion = 0\naclVersion = 0\nephemeralOwner = 0x0\ndataLength = 3\n')
    expect(run.out).toMatch(/\n- +v0 +3 +0 {2}\d{4}-.*Z {2}told\n/)
    expect(run.out).toContain(`exactly-once writes = ${target.kind.grantsExactlyOnce ? 'yes' : 'no'}\n`)
  })
})
