import { expect, it } from 'vitest'
import type { WatchEvent } from '../../../src/client/index.ts'
import { atDepth } from '../../depth.ts'
import { forSeeds, scenarioTimeoutMs } from './for-seeds.ts'
import { missingAnywhere, Writer } from './writer.ts'

it(
  'full resync: followers wipe and replay all while clients wait -> answers come once, watches fire for news only',
  async () => {
    const options = {
      servers: 3,
      network: { delayMinUs: 500, delayMaxUs: 4000 },
      config: { resync: 'full' as const, snapCount: 1000 },
    }
    await forSeeds(atDepth(12, 50), options, async (ensemble) => {
      ensemble.start()
      await ensemble.untilLeader(3)
      await ensemble.untilServing()
      const client = await ensemble.connectedClient({ servers: [1] })
      const states: string[] = []
      client.on('state', (state) => states.push(state))
      const { world } = ensemble
      await world.settle(client.create('/w', ''))
      await world.settle(client.create('/came-and-went', ''))
      await world.settle(client.delete('/came-and-went'))
      const events: WatchEvent[] = []
      const watch = { watch: (event: WatchEvent) => events.push(event) }
      expect(await world.settle(client.exists('/came-and-went', watch))).toBeNull()
      const writer = new Writer(client, '/w')
      writer.start(4)
      await world.runFor(200)
      ensemble.crash(3)
      await ensemble.untilLeader(2)
      await ensemble.untilServing(1, 2)
      await world.runFor(200)
      await writer.stop(ensemble)
      expect(states).toEqual([])
      expect(writer.unknown).toEqual([])
      expect(events).toEqual([])
      await world.settle(client.create('/came-and-went', ''))
      expect(events.map((event) => event.type)).toEqual(['created'])
      await ensemble.converge()
      expect(await missingAnywhere(ensemble, '/w', writer.acknowledged)).toEqual([])
    })
  },
  scenarioTimeoutMs,
)
