import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'vitest'
import { Ensemble } from '../processes/harness/ensemble.ts'
import { testWith } from './needs.ts'
import { passedBy } from './talking-program.ts'

testWith(
  ['gcc', 'libzookeeper-mt-dev'],
  'foreign: C client library -> all that it can do works, also on another server',
  async () => {
    const ensemble = await Ensemble.start({ settings: { extendedTypesEnabled: 'true' } })
    const program = join(ensemble.folder, 'c-client')
    const source = join(import.meta.dirname, 'c-client.c')
    const args = ['-DTHREADED', '-Wall', '-o', program, source, '-lzookeeper_mt', '-lpthread']
    const compiled = spawnSync('gcc', args, { encoding: 'utf8' })
    expect(compiled.stderr).toBe('')
    expect(await passedBy(ensemble, program, [ensemble.addresses])).toEqual([
      'data',
      'sequential',
      'ephemeral',
      'watch',
      'multi',
      'access control',
      'containers and TTL',
      'removed watches',
      'reconfig refused',
      'sync',
      'reconnect',
    ])
  },
)

testWith(
  ['zookeeper-bin'],
  'foreign: cli_mt, the C command line -> creates, reads, lists, deletes',
  async () => {
    const ensemble = await Ensemble.start()
    const run = (command: string): string => {
      const args = ['-h', ensemble.addresses, '-c', command]
      const { stdout, stderr, status } = spawnSync('/usr/lib/zookeeper/bin/cli_mt', args, {
        encoding: 'utf8',
      })
      if (status !== 0) throw new Error(`${command}: exit ${status}\n${stdout}${stderr}`)
      return stdout + stderr
    }
    expect(run('create /from-c')).toContain('rc = 0')
    expect(run('set /from-c hello')).toContain('rc = 0')
    expect(run('get /from-c')).toContain('value_len = 5')
    expect(run('ls /')).toContain('from-c')
    expect(run('delete /from-c')).toContain('rc = 0')
    expect(run('ls /')).not.toContain('from-c')
  },
)
