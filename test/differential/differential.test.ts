import { describe, expect } from 'vitest'
import { atDepth } from '../depth.ts'
import { testWith } from '../foreign/needs.ts'
import { Arena } from './arena.ts'
import { generate } from './generate/generate.ts'
import { expectedOfBanyan } from './listed.ts'
import { report } from './report.ts'
import { banyan } from './servers/banyan.ts'
import { zookeeper } from './servers/zookeeper.ts'

/** A part of what `npm run differential` runs; the seeds are those of its first programs. */
const programs = { 1: atDepth(8, 20), 3: atDepth(3, 6) }
const requests = 200

describe('differential: random programs', () => {
  for (const servers of [1, 3] as const) {
    testWith(['zookeeper'], `on ${servers} server(s) -> Banyan shows what ZooKeeper shows`, async () => {
      const arena = new Arena([zookeeper, banyan], servers, expectedOfBanyan)
      try {
        for (let i = 0; i < programs[servers]; i++) {
          const program = generate(`1/${i}`, requests)
          const { difference } = await arena.compare(program)
          const again = `npm run differential -- --seed 1 --from ${i} --programs 1 --servers ${servers}`
          if (difference !== null) expect.fail(`${report(program, difference)}\nsmaller by: ${again}`)
        }
      } finally {
        await arena.stop()
      }
    })
  }
})
