import { join } from 'node:path'
import { expect } from 'vitest'
import { Ensemble } from '../processes/harness/ensemble.ts'
import { testWith } from './needs.ts'
import { passedBy } from './talking-program.ts'

/** Debian's own Python, which sees Debian's packages; another may come first on the PATH. */
function passedByPython(ensemble: Ensemble, program: string): Promise<string[]> {
  const file = join(import.meta.dirname, program)
  const leaveNoCompiledFiles = '-B'
  return passedBy(ensemble, '/usr/bin/python3', [leaveNoCompiledFiles, file, ensemble.addresses])
}

testWith(
  ['python3-kazoo'],
  'foreign: kazoo -> all that it can do works, also on another server',
  async () => {
    const ensemble = await Ensemble.start()
    expect(await passedByPython(ensemble, 'kazoo_client.py')).toEqual([
      'data',
      'sequential',
      'ephemeral',
      'watch',
      'multi',
      'sync',
      'access control',
      'commands',
      'reconnect',
    ])
  },
)

testWith(
  ['python3-kazoo'],
  "foreign: kazoo's recipes, by two clients -> each does its part, also on another server",
  async () => {
    const ensemble = await Ensemble.start()
    expect(await passedByPython(ensemble, 'kazoo_recipes.py')).toEqual([
      'locks',
      'semaphore',
      'election',
      'barriers',
      'queues',
      'parties',
      'counter',
      'watchers',
      'tree cache',
      'set partitioner',
      'reconnect',
    ])
  },
)
