import { expect, it } from 'vitest'
import type { SimEnsemble } from '../../../src/sim/sim-ensemble.ts'
import { atDepth } from '../../depth.ts'
import { forSeeds, scenarioTimeoutMs } from './for-seeds.ts'
import { MovingClient } from './moving-client.ts'

const seeds = atDepth(15, 60)
const options = { servers: 3, network: { delayMinUs: 500, delayMaxUs: 4000 } }

/** Something that makes what the client sent before come late: held in the network, in a stopped server, or by a lost leader. */
function disturb(ensemble: SimEnsemble, client: MovingClient, random: { below(n: number): number }): void {
  const { network } = ensemble.world
  const from = client.attachments.at(-1)?.server ?? 1
  const others = ensemble.ids.filter((id) => id !== from)
  const whole = ensemble.running.length === ensemble.ids.length
  switch (random.below(5)) {
    case 0:
      network.cutOneWay(client.host, `s${from}`)
      break
    case 1:
      if (ensemble.host(from).up) ensemble.host(from).freeze()
      break
    case 2:
      for (const other of others) network.cutOneWay(`s${from}`, `s${other}`)
      break
    case 3:
      for (const other of others) network.cut(`s${from}`, `s${other}`, 'blackhole')
      break
    case 4:
      if (whole && ensemble.leader !== -1) ensemble.crash(ensemble.leader, 'process')
  }
}

function repair(ensemble: SimEnsemble): void {
  ensemble.world.network.healAll()
  for (const id of ensemble.ids) {
    ensemble.host(id).thaw()
    if (!ensemble.host(id).up) ensemble.restart(id)
  }
}

async function moveAbout(ensemble: SimEnsemble, client: MovingClient): Promise<void> {
  const { world } = ensemble
  const random = world.random.fork('moves')
  for (let round = 0; round < 6; round++) {
    const current = client.attachments.length - 1
    for (let i = 0; i < 3; i++) client.write(current)
    await world.runFor(random.below(8))
    disturb(ensemble, client, random)
    for (let i = 0; i < 3; i++) client.write(current)
    for (let tries = 0; tries < 3; tries++) {
      const up = ensemble.running
      if (await client.move(up[random.below(up.length)] as number, 1500)) break
    }
    // Everything is late now but the newest connection, and they all write.
    for (let i = 0; i < 4; i++) {
      for (let index = 0; index < client.attachments.length; index++) client.write(index)
      await world.runFor(random.below(30))
      if (i === random.below(4)) repair(ensemble)
    }
  }
  repair(ensemble)
  await ensemble.untilServing()
}

it(
  'a session that moves: old connections cut off, frozen, their leader killed -> no write of theirs after an answered one of a later connection',
  async () => {
    let late = 0
    let answered = 0
    let moves = 0
    await forSeeds(seeds, options, async (ensemble) => {
      ensemble.start()
      await ensemble.untilServing()
      const reader = await ensemble.connectedClient({ sessionTimeoutMs: 20_000 })
      await ensemble.world.settle(reader.create('/m', ''))
      const client = new MovingClient(ensemble, 'm')
      await client.move(1)
      await moveAbout(ensemble, client)
      // A connect request that was held, and given up, may come late and take the session; its connection ends at once.
      await ensemble.world.runFor(500)
      await client.move(2)
      // Longer than two touches of every server: who does not know of the last move has been told.
      await ensemble.world.runFor(1500)
      await ensemble.converge()

      const { world } = ensemble
      const created = new Map<string, number>()
      for (const name of await world.settle(reader.getChildren('/m'))) {
        const stat = await world.settle(reader.exists(`/m/${name}`))
        created.set(`/m/${name}`, Number(stat?.czxid))
      }
      let lastEffectOfEarlier = 0
      for (const attachment of client.attachments) {
        for (const [path, zxid] of attachment.answered) {
          expect(created.get(path)).toBe(zxid)
          expect(zxid).toBeGreaterThan(lastEffectOfEarlier)
          answered++
        }
        for (const path of attachment.asked) {
          lastEffectOfEarlier = Math.max(lastEffectOfEarlier, created.get(path) ?? 0)
          if (!created.has(path)) late++
        }
      }
      moves += client.attachments.length - 1
      expect(client.attachments.map(({ closed }) => closed)).toEqual(
        client.attachments.map((_, index) => index < client.attachments.length - 1),
      )
    })
    expect(moves).toBeGreaterThan(3 * seeds)
    expect(answered).toBeGreaterThan(8 * seeds)
    expect(late).toBeGreaterThan(8 * seeds)
  },
  scenarioTimeoutMs,
)
