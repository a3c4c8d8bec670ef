import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { superDigest } from '../program.ts'
import type { Kind } from './running-servers.ts'
import { sessionTimeouts } from './session-timeouts.ts'

const jar = '/usr/share/java/zookeeper.jar'
/** Prints the reason when a thread of it dies; comes with the package. */
const logger = '/usr/share/java/slf4j-simple.jar'

/** Apache ZooKeeper of the Debian package, as quick as it can be made: what it keeps on disk is of no interest here. */
export const zookeeper: Kind = {
  name: 'ZooKeeper',
  missing: () => (existsSync(jar) ? null : `${jar} is missing: install the package "zookeeper"`),
  async prepare(folder, members) {
    for (const { id, clientPort } of members) {
      const dataDir = join(folder, 'data', String(id))
      await mkdir(dataDir, { recursive: true })
      await writeFile(join(dataDir, 'myid'), String(id))
      const lines = [
        `dataDir=${dataDir}`,
        `clientPort=${clientPort}`,
        'clientPortAddress=127.0.0.1',
        'admin.enableServer=false',
        'tickTime=2000',
        'initLimit=10',
        'syncLimit=5',
        'maxClientCnxns=0',
        'preAllocSize=1024',
        'forceSync=no',
        'extendedTypesEnabled=true',
        'enforceQuota=true',
        `DigestAuthenticationProvider.superDigest=${superDigest}`,
        ...sessionTimeouts,
        ...(members.length === 1
          ? []
          : members.map((m) => `server.${m.id}=127.0.0.1:${m.leaderPort}:${m.peerPort}`)),
        '',
      ]
      await writeFile(join(folder, `${id}.cfg`), lines.join('\n'))
    }
  },
  command: (folder, id) => ({
    program: 'java',
    args: [
      '-Xmx256m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      // Nothing is reaped: when it would be depends on the clock.
      '-Dznode.container.checkIntervalMs=86400000',
      // Several servers share few processors here.
      '-Dzookeeper.commitProcessor.numWorkerThreads=0',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
      '-cp',
      `${logger}:${jar}`,
      'org.apache.zookeeper.server.quorum.QuorumPeerMain',
      join(folder, `${id}.cfg`),
    ],
  }),
}
