import { expect, it } from 'vitest'
import type { Connection } from '../../../src/runtime/network.ts'
import type { SimEnsemble } from '../../../src/sim/sim-ensemble.ts'
import { OpCode } from '../../../src/wire/opcodes.ts'
import { acls } from '../../../src/wire/records.ts'
import { atDepth } from '../../depth.ts'
import { connectBody, ephemeral, frameOf, openAcl, requestBody } from '../../server/raw-client.ts'
import { forSeeds, scenarioTimeoutMs } from './for-seeds.ts'
import { missingAnywhere, Writer } from './writer.ts'

const sessions = atDepth(2000, 5000)
const nodesEach = 2
const timeoutMs = 10_000

const createBody = (path: string): Buffer =>
  requestBody(1, OpCode.create, (body) => {
    acls.write(body.string(path).buffer(null), openAcl)
    body.int(ephemeral)
  })

/** Sessions with ephemeral nodes, all on one machine, on every server alike. */
async function crowd(ensemble: SimEnsemble): Promise<Connection[]> {
  const { runtime } = ensemble.world.host('crowd')
  const connections: Connection[] = []
  for (let i = 0; i < sessions; i++) {
    const server = ensemble.ids[i % ensemble.ids.length]
    const dialled = runtime.network.connect({ host: `s${server}`, port: 2181 }, 10_000)
    dialled.then((connection) => {
      connections.push(connection)
      connection.setHandlers({ onData() {}, onClose() {} })
      connection.write(frameOf(connectBody({ timeoutMs })))
      for (let n = 0; n < nodesEach; n++) connection.write(frameOf(createBody(`/crowd/${i}-${n}`)))
    })
    if (i % 500 === 499) await ensemble.world.runFor(50)
  }
  return connections
}

it(
  'thousands of sessions with ephemeral nodes expire in one tick, under writes, their leader killed in the middle or not -> all go, once, and nobody else',
  async () => {
    const options = { servers: 3, config: { globalOutstandingLimit: 100_000, snapCount: 1000 } }
    await forSeeds(2, options, async (ensemble, seed) => {
      ensemble.start()
      await ensemble.untilServing()
      const { world } = ensemble
      const client = await ensemble.connectedClient({ sessionTimeoutMs: 20_000 })
      await world.settle(client.create('/crowd', ''))
      await world.settle(client.create('/w', ''))
      await crowd(ensemble)
      const nodes = async (): Promise<number> => (await world.settle(client.getChildren('/crowd'))).length
      const whole = sessions * nodesEach
      for (let waits = 0; (await nodes()) < whole && waits < 100; waits++) await world.runFor(50)
      expect(await nodes()).toBe(whole)

      // Told to the leader before the silence begins, so that all expire together.
      await world.runFor(600)
      world.host('crowd').freeze()
      const writer = new Writer(client, '/w')
      writer.start(4)
      const untilLeft = (left: number): Promise<void> =>
        world.run({ until: () => ensemble.server(1).status().sessions <= left, limitMs: 60_000 })
      await untilLeft(sessions)
      const before = writer.acknowledged.length
      await untilLeft(sessions - 1000)
      const between = writer.acknowledged.length - before
      if (seed % 2 === 0) {
        const killed = ensemble.leader
        ensemble.crash(killed, 'process')
        await world.runFor(2000)
        ensemble.restart(killed)
      }
      await world.run({
        until: () => ensemble.running.every((id) => ensemble.server(id).status().sessions === 1),
        limitMs: 60_000,
      })
      await writer.stop(ensemble)
      expect(between).toBeGreaterThan(5)
      expect(await nodes()).toBe(0)
      await ensemble.converge()
      expect(await missingAnywhere(ensemble, '/w', writer.acknowledged)).toEqual([])
    })
  },
  scenarioTimeoutMs,
)
