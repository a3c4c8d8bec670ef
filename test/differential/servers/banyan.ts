import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildFault } from '../../processes/harness/build.ts'
import { superDigest } from '../program.ts'
import type { Kind } from './running-servers.ts'
import { sessionTimeouts } from './session-timeouts.ts'

const program = join(import.meta.dirname, '../../../bin/zkserver')

export const banyan: Kind = {
  name: 'Banyan',
  missing: buildFault,
  async prepare(folder, members) {
    const lines = [
      ...members.map((m) => `${m.id} 127.0.0.1 ${m.clientPort} ${m.peerPort} ${m.leaderPort}`),
      'dataDir=data',
      'tickTime=2000',
      'maxClientCnxns=0',
      // Nothing is reaped: when it would be depends on the clock.
      'znode.container.checkIntervalMs=86400000',
      'extendedTypesEnabled=true',
      'enforceQuota=true',
      `DigestAuthenticationProvider.superDigest=${superDigest}`,
      ...sessionTimeouts,
      '',
    ]
    await writeFile(join(folder, 'config.txt'), lines.join('\n'))
  },
  command: (folder, id) => ({
    program: process.execPath,
    args: [program, String(id), join(folder, 'config.txt')],
  }),
}
