import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { Ensemble } from '../processes/harness/ensemble.ts'
import { testWith } from './needs.ts'
import { passedBy } from './talking-program.ts'

const recipes = '/usr/share/java/curator-recipes.jar'

testWith(
  ['libcurator-recipes-java', 'default-jdk-headless'],
  'foreign: Curator, the Java recipes -> all that they can do works, also on another server',
  async () => {
    const ensemble = await Ensemble.start({
      settings: { extendedTypesEnabled: 'true', 'znode.container.checkIntervalMs': 300 },
    })
    const folder = join(import.meta.dirname, 'curator')
    const sources = readdirSync(folder).map((name) => join(folder, name))
    const args = [
      '-J-XX:TieredStopAtLevel=1',
      '-J-XX:+UseSerialGC',
      '-Xlint:all,-path',
      '-d',
      ensemble.folder,
      '-cp',
      recipes,
      ...sources,
    ]
    // Started for a moment, the JVM had better not optimise at length.
    const compiled = spawnSync('javac', args, { encoding: 'utf8' })
    expect(compiled.stderr).toBe('')
    const flags = [
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-Xmx128m',
      '-cp',
      `${recipes}:${ensemble.folder}`,
    ]
    expect(await passedBy(ensemble, 'java', [...flags, 'CuratorProgram', ensemble.addresses])).toEqual([
      'data',
      'ephemerals',
      'watches',
      'transactions',
      'access control',
      'containers and TTL',
      'mutex',
      'read-write lock',
      'semaphore',
      'leader latch',
      'leader selector',
      'barriers',
      'shared count',
      'atomic long',
      'queue',
      'curator cache',
      'older caches',
      'persistent node',
      'group member',
      'reconnect',
    ])
  },
)
