import { expect, it } from 'vitest'
import { SimEnsemble } from '../../../src/sim/sim-ensemble.ts'
import { StorageError } from '../../../src/storage/storage.ts'
import { atDepth } from '../../depth.ts'
import { scenarioTimeoutMs } from './for-seeds.ts'
import { missingAnywhere, Writer } from './writer.ts'

const seeds = atDepth(18, 40)

it(
  'damaged disk: bits turn over in the files of a server that ended -> it starts whole or refuses, and one that refused is brought back by emptying its data directory, with nothing lost',
  async () => {
    let refused = 0
    let whole = 0
    for (let seed = 1; seed <= seeds; seed++) {
      const stopped = new Map<number, unknown>()
      const ensemble: SimEnsemble = new SimEnsemble({
        seed,
        servers: 3,
        config: { snapCount: 40 },
        storage: { segmentBytesMax: 4000 },
        onServerStopped: (id, error) => stopped.set(id, error),
      })
      const { world } = ensemble
      try {
        ensemble.start()
        await ensemble.untilServing()
        const client = await ensemble.connectedClient({ sessionTimeoutMs: 20_000 })
        await world.settle(client.create('/w', ''))
        const writer = new Writer(client, '/w')
        writer.start(4)
        await world.runFor(600)
        const id = 1 + (seed % 3)
        await ensemble.stop(id)
        const { disk } = ensemble.host(id)
        const files = filesBelow(ensemble, id)
        const path = files[world.random.below(files.length)] ?? ''
        disk.flipBit(path, world.random.below(disk.contentOf(path).length), world.random.below(8))
        ensemble.restart(id)
        await world.run({
          until: () =>
            stopped.has(id) || (ensemble.running.includes(id) && ensemble.server(id).status().mode !== null),
          limitMs: 60_000,
        })
        const error = stopped.get(id)
        if (error === undefined) whole++
        else {
          refused++
          if (!(error instanceof StorageError)) throw error
          expect(error.message).toMatch(
            /found .*, expected .*Way out: stop this server, empty its data directory/,
          )
          if (ensemble.host(id).up) ensemble.host(id).crash('process')
          ensemble.wipe(id)
          ensemble.restart(id)
        }
        await ensemble.untilServing()
        await writer.stop(ensemble)
        await ensemble.converge()
        expect(await missingAnywhere(ensemble, '/w', writer.acknowledged)).toEqual([])
      } catch (error) {
        throw new Error(`seed ${seed}, at ${world.nowMs} ms: ${error instanceof Error ? error.stack : error}`)
      }
    }
    expect(refused).toBeGreaterThan(seeds / 5)
    expect(whole).toBeGreaterThan(seeds / 5)
  },
  scenarioTimeoutMs,
)

/** Paths of all files in a server's data directory. */
function filesBelow(ensemble: SimEnsemble, id: number): string[] {
  const { disk } = ensemble.host(id)
  const folder = `/data/${id}`
  const paths: string[] = []
  for (const name of disk.list(folder)) {
    if (!/^h-\d+$/.test(name)) {
      if (name === 'state') paths.push(`${folder}/${name}`)
      continue
    }
    for (const file of disk.list(`${folder}/${name}`)) paths.push(`${folder}/${name}/${file}`)
  }
  return paths
}
