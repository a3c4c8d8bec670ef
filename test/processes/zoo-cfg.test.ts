import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Client, fourLetterWord } from '../../src/client/index.ts'
import { Child } from './harness/child.ts'
import { freePorts } from './harness/free-ports.ts'
import { serverKind, zkserverFile } from './harness/server-kind.ts'
import { until } from './harness/until.ts'

describe.skipIf(serverKind.name !== 'Banyan')('zoo.cfg', () => {
  test('one server, as a test harness writes it -> serves, stops on SIGTERM, and is there again on the same data', async () => {
    const folder = await newFolder()
    const [clientPort = 0, adminPort = 0, securePort = 0] = await freePorts(3)
    const dataDir = join(folder, 'da ta/')
    await mkdir(dataDir)
    const file = join(folder, 'zoo.cfg')
    await writeFile(
      file,
      [
        '',
        'tickTime=2000',
        `dataDir=${dataDir}`,
        `clientPort=${clientPort}`,
        'maxClientCnxns=0',
        `admin.serverPort=${adminPort}`,
        `secureClientPort=${securePort}`,
        'ssl.keyStore.location=/none.jks',
        'authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider',
        '4lw.commands.whitelist=*',
        'log4j.rootLogger=INFO, CONSOLE',
        '',
      ].join('\r\n'),
    )
    await writeFile(join(dataDir, 'myid'), '1\n')
    for (const version of [0, 1]) {
      const child = start(folder, file, 'server.log')
      await serving(clientPort, 'standalone')
      expect(child.log).toContain('log4j.rootLogger is not a known setting')
      const client = await connected(`127.0.0.1:${clientPort}`)
      if (version === 0) await client.create('/kept', 'first')
      else expect((await client.get('/kept')).data?.toString()).toBe('first')
      expect(await fourLetterWord(`127.0.0.1:${clientPort}`, 'wchp')).toBe('\n')
      child.signal('SIGTERM')
      expect(await child.ended).toEqual({ code: 0, signal: null })
      await client.close()
    }
  })

  test('three servers, numbered from 0, with client ports of their own -> one leads, and all tell the same membership', async () => {
    const folder = await newFolder()
    const ports = await freePorts(9)
    const ids = [0, 1, 2]
    const portOf = (id: number, kind: number) => ports[id * 3 + kind] ?? 0
    const children: Child[] = []
    for (const id of ids) {
      const own = join(folder, `srv${id}`)
      await mkdir(own)
      const lines = [
        `dataDir=${own}`,
        'tickTime=500',
        'initLimit=10',
        'syncLimit=5',
        `clientPort=${portOf(id, 0)}`,
        'autopurge.snapRetainCount=3',
        'reconfigEnabled=true',
        '4lw.commands.whitelist=*',
        ...ids.map((other) => `server.${other}=127.0.0.1:${portOf(other, 1)}:${portOf(other, 2)}`),
        'peerType=participant',
      ]
      await writeFile(join(own, 'zoo.cfg'), lines.join('\n'))
      await writeFile(join(own, 'myid'), `${id}\n`)
      children.push(start(folder, join(own, 'zoo.cfg'), `${id}.log`))
    }
    await serving(portOf(2, 0), 'leader')
    for (const id of [0, 1]) await serving(portOf(id, 0), 'follower')
    const expected = [
      ...ids.map((id) => `server.${id}=127.0.0.1:${portOf(id, 1)}:${portOf(id, 2)}:participant`),
      'version=100000000',
    ].join('\n')
    for (const id of ids) {
      const client = await connected(`127.0.0.1:${portOf(id, 0)}`)
      const { data, stat } = await client.get('/zookeeper/config')
      expect(data?.toString()).toBe(expected)
      expect(stat.version).toBe(-1)
      await client.close()
    }
    for (const child of children) {
      child.signal('SIGTERM')
      expect(await child.ended).toEqual({ code: 0, signal: null })
    }
  })
})

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-zoo-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

function start(folder: string, file: string, log: string): Child {
  const child = new Child(process.execPath, [zkserverFile, file], {
    cwd: folder,
    logFile: join(folder, log),
  })
  onTestFinished(() => child.kill())
  return child
}

async function serving(port: number, mode: string): Promise<void> {
  await until(`a ${mode} on port ${port}`, async () =>
    (await fourLetterWord(`127.0.0.1:${port}`, 'srvr', { timeoutMs: 1000 })).includes(`Mode: ${mode}\n`),
  )
}

async function connected(servers: string): Promise<Client> {
  const client = new Client({ servers, sessionTimeoutMs: 10_000 })
  onTestFinished(() => client.close())
  await client.connect()
  return client
}
