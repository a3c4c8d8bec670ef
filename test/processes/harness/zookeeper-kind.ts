import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServerKind, Settings } from './server-kind.ts'

export const settingLines = (settings: Settings): string[] =>
  Object.entries(settings).map(([name, value]) => `${name}=${value}`)

/** It takes some of its settings from the command line of its JVM only. */
function javaOptions(settings: Settings): string {
  const onlyThere = Object.entries(settings).filter(([name]) => /^(jute|znode)\./.test(name))
  return onlyThere.map(([name, value]) => `-D${name}=${value}\n`).join('')
}

export const zookeeperJar = '/usr/share/java/zookeeper.jar'

export interface ZookeeperOptions {
  readonly jvmOptions: readonly string[]
  readonly classPath: string
}

/** Apache ZooKeeper, as Debian packages it. */
export const zookeeperKind = ({ jvmOptions, classPath }: ZookeeperOptions): ServerKind => ({
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
      ...jvmOptions,
      `@${join(folder, 'java-options')}`,
      '-cp',
      classPath,
      'org.apache.zookeeper.server.quorum.QuorumPeerMain',
      join(folder, `${id}.cfg`),
    ],
  }),
})
