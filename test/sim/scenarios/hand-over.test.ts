import { expect, it } from 'vitest'
import { atDepth } from '../../depth.ts'
import { forSeeds, scenarioTimeoutMs } from './for-seeds.ts'
import { missingAnywhere, Writer } from './writer.ts'

it(
  'hand-over: the highest id returns under load -> it leads, and no client notices more than a pause',
  async () => {
    await forSeeds(
      atDepth(10, 50),
      { servers: 3, network: { delayMinUs: 500, delayMaxUs: 4000 } },
      async (ensemble) => {
        ensemble.start()
        await ensemble.untilLeader(3)
        await ensemble.untilServing()
        ensemble.crash(3)
        await ensemble.untilLeader(2)
        await ensemble.untilServing(1, 2)
        const clients = [
          await ensemble.connectedClient({ servers: [1] }),
          await ensemble.connectedClient({ servers: [2] }),
        ]
        const states: string[] = []
        for (const client of clients) client.on('state', (state) => states.push(state))
        const writers = clients.map((client, i) => new Writer(client, `/w${i}`))
        for (const [i, client] of clients.entries()) await ensemble.world.settle(client.create(`/w${i}`, ''))
        for (const writer of writers) writer.start(4)
        await ensemble.world.runFor(200)
        ensemble.restart(3)
        await ensemble.untilLeader(3)
        await ensemble.untilServing()
        await ensemble.world.runFor(200)
        for (const writer of writers) await writer.stop(ensemble)
        expect(states).toEqual([])
        await ensemble.converge()
        for (const [i, writer] of writers.entries()) {
          expect(writer.acknowledged.length).toBeGreaterThan(20)
          expect(writer.unknown).toEqual([])
          expect(await missingAnywhere(ensemble, `/w${i}`, writer.acknowledged)).toEqual([])
        }
      },
    )
  },
  scenarioTimeoutMs,
)
