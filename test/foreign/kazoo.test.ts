import { join } from 'node:path'
import { expect } from 'vitest'
import { Ensemble } from '../processes/harness/ensemble.ts'
import { testWith } from './needs.ts'
import { passedBy } from './talking-program.ts'

testWith(
  ['python3-kazoo'],
  'foreign: kazoo -> all that it can do works, also on another server',
  async () => {
    const ensemble = await Ensemble.start()
    // Debian's own Python, which sees Debian's packages; another may come first on the PATH.
    const passed = await passedBy(ensemble, '/usr/bin/python3', [
      join(import.meta.dirname, 'kazoo_client.py'),
      ensemble.addresses,
    ])
    expect(passed).toEqual([
      'data',
      'sequential',
      'ephemeral',
      'watch',
      'multi',
      'sync',
      'recipes',
      'reconnect',
    ])
  },
)
