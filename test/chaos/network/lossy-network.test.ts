import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { namespaceFault } from './namespace.ts'

const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

test.skipIf(namespaceFault() !== null)(
  'lossy network: packets dropped one way -> nothing arrives there until it is healed, the other way goes on',
  () => {
    const program = join(import.meta.dirname, 'lossy-program.ts')
    const inside = ['--user', '--map-root-user', '--net', '--', process.execPath, '--import', loader, program]
    const { stdout, stderr } = spawnSync('unshare', inside, { encoding: 'utf8', timeout: 30_000 })
    expect({ stdout, stderr }).toEqual({
      stdout: 'arrived: 1\nback: answer\nwhile dropped: 1\nafter: 12\nno way: ENETUNREACH\n',
      stderr: '',
    })
  },
)
