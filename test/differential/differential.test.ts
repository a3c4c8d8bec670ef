import { describe, expect } from 'vitest'
import { testWith } from '../foreign/needs.ts'
import { generate } from './generate/generate.ts'
import { TargetPair } from './pair.ts'
import { report } from './report.ts'
import { banyan } from './servers/banyan.ts'
import { RunningServers } from './servers/running-servers.ts'
import { zookeeper } from './servers/zookeeper.ts'

/** A part of what `npm run differential` runs; the seeds are those of its first programs. */
const programs = 15
const requests = 200

describe('differential: random programs', () => {
  for (const servers of [1]) {
    testWith(['zookeeper'], `on ${servers} server(s) -> Banyan shows what ZooKeeper shows`, async () => {
      const [theirs, ours] = await Promise.all([
        RunningServers.start(zookeeper, servers),
        RunningServers.start(banyan, servers),
      ])
      try {
        const pair = new TargetPair(theirs, ours)
        for (let i = 0; i < programs; i++) {
          const program = generate(`1/${i}`, requests)
          const { difference } = await pair.compare(program)
          const again = `npm run differential -- --seed 1 --from ${i} --programs 1 --servers ${servers}`
          if (difference !== null) expect.fail(`${report(program, difference)}\nsmaller by: ${again}`)
        }
        pair.hangUp()
      } finally {
        await Promise.all([theirs.stop(), ours.stop()])
      }
    })
  }
})
