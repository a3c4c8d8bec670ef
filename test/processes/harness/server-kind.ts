import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildFault } from './build.ts'

export interface Member {
  readonly id: number
  readonly clientPort: number
  readonly peerPort: number
  readonly leaderPort: number
}

/** Lines for the end of the config file, such as `tickTime=200`. Both kinds of server understand ZooKeeper's names. */
export type Settings = Readonly<Record<string, string | number>>

/** What an ensemble of real processes is made of. Apache ZooKeeper is there to prove the tests right. */
export interface ServerKind {
  readonly name: 'Banyan' | 'ZooKeeper'
  /** Why it cannot be run here; null when it can. */
  readonly missing: () => string | null
  /** Writes what the servers need to start. */
  prepare(folder: string, members: readonly Member[], settings: Settings): Promise<void>
  command(folder: string, id: number): { program: string; args: string[] }
}

const settingLines = (settings: Settings): string[] =>
  Object.entries(settings).map(([name, value]) => `${name}=${value}`)

export const zkserverFile = join(import.meta.dirname, '../../../bin/zkserver')

const banyan: ServerKind = {
  name: 'Banyan',
  missing: buildFault,
  async prepare(folder, members, settings) {
    const lines = [
      '# id host client peer leader',
      ...members.map((m) => `${m.id} 127.0.0.1 ${m.clientPort} ${m.peerPort} ${m.leaderPort}`),
      'dataDir=data',
      ...settingLines(settings),
      '',
    ]
    await writeFile(join(folder, 'config.txt'), lines.join('\n'))
  },
  command: (folder, id) => ({
    program: process.execPath,
    args: [zkserverFile, String(id), join(folder, 'config.txt')],
  }),
}

/** It takes some of its settings from the command line of its JVM only. */
function javaOptions(settings: Settings): string {
  const onlyThere = Object.entries(settings).filter(([name]) => /^(jute|znode)\./.test(name))
  return onlyThere.map(([name, value]) => `-D${name}=${value}\n`).join('')
}

const zookeeperJar = '/usr/share/java/zookeeper.jar'

const zookeeper: ServerKind = {
  name: 'ZooKeeper',
  missing: () =>
    existsSync(zookeeperJar) ? null : `${zookeeperJar} is missing: install the package "zookeeper"`,
  async prepare(folder, members, settings) {
    for (const { id, clientPort } of members) {
      const dataDir = join(folder, 'data', String(id))
      await mkdir(dataDir, { recursive: true })
      await writeFile(join(dataDir, 'myid'), String(id))
      const { peerTimeout: _ours, ...theirs } = settings
      await writeFile(join(folder, 'java-options'), javaOptions(settings))
      const lines = [
        `dataDir=${dataDir}`,
        `clientPort=${clientPort}`,
        'clientPortAddress=127.0.0.1',
        'admin.enableServer=false',
        ...(members.length === 1
          ? []
          : members.map((m) => `server.${m.id}=127.0.0.1:${m.leaderPort}:${m.peerPort}`)),
        ...settingLines(theirs),
        '',
      ]
      await writeFile(join(folder, `${id}.cfg`), lines.join('\n'))
    }
  },
  command: (folder, id) => ({
    program: 'java',
    args: [
      '-Xmx128m',
      '-XX:TieredStopAtLevel=1',
      `@${join(folder, 'java-options')}`,
      '-cp',
      zookeeperJar,
      'org.apache.zookeeper.server.quorum.QuorumPeerMain',
      join(folder, `${id}.cfg`),
    ],
  }),
}

/** `ENSEMBLE=zookeeper` runs against Apache ZooKeeper what runs against Banyan otherwise. */
export const serverKind: ServerKind = process.env['ENSEMBLE'] === 'zookeeper' ? zookeeper : banyan
