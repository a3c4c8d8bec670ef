import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildFault } from './build.ts'
import { settingLines, zookeeperJar, zookeeperKind } from './zookeeper-kind.ts'

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

export const zkserverFile = join(import.meta.dirname, '../../../bin/zkserver')

export const banyan: ServerKind = {
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

const zookeeper = zookeeperKind({
  jvmOptions: ['-Xmx128m', '-XX:TieredStopAtLevel=1'],
  classPath: zookeeperJar,
})

/** `ENSEMBLE=zookeeper` runs against Apache ZooKeeper what runs against Banyan otherwise. */
export const serverKind: ServerKind = process.env['ENSEMBLE'] === 'zookeeper' ? zookeeper : banyan
