import { describe, expect, test } from 'vitest'
import { ReplicaEnsemble } from './replica-ensemble.ts'

/** Faults of every kind while all who serve write; then everything heals. One disk at a time may be lost. */
async function storm(seed: number): Promise<{ wipes: number; texts: number }> {
  const size = seed % 3 === 0 ? 5 : 3
  const ensemble = new ReplicaEnsemble(size, { seed }, seed % 4 === 0 ? { resync: 'full' } : {})
  const { world, ids } = ensemble
  const random = world.random.fork('storm')
  let wipes = 0
  const crash = (id: number): void => {
    const allServe = ensemble.serving.length === size
    ensemble.crash(id, random.chance(1, 2) ? 'power' : 'process')
    if (!allServe || !random.chance(1, 3)) return
    ensemble.wipe(id)
    wipes++
  }
  const freeze = (id: number): void => {
    const host = ensemble.host(id)
    host.freeze()
    world.at(world.nowMs + random.below(2500), () => host.up && host.thaw())
  }
  ensemble.boot(...ids)
  await ensemble.untilServing()
  for (let k = 0; k < 40; k++) {
    const [id, other] = [random.pick(ids), random.pick(ids)]
    const { up } = ensemble.host(id)
    const what = random.below(16)
    if (what < 3 && up) crash(id)
    else if (what < 6 && !up) ensemble.restart(id)
    else if (what < 8 && id !== other)
      world.network.cut(`s${id}`, `s${other}`, random.pick(['reset', 'blackhole']))
    else if (what < 11) world.network.healAll()
    else if (what === 11 && up) freeze(id)
    for (let n = random.below(12); n > 0; n--) for (const server of ensemble.serving) ensemble.write(server)
    await world.runFor(random.chance(1, 4) ? random.below(3000) : random.below(60))
  }
  world.network.healAll()
  for (const id of ids) {
    if (!ensemble.host(id).up) ensemble.restart(id)
    ensemble.host(id).thaw()
  }
  await world.run({
    until: () => ensemble.leader === size && ensemble.serving.length === size,
    limitMs: 60_000,
  })
  // What was cut or frozen may still end a reign, and with it a write that is on its way.
  await world.runFor(5000)
  await ensemble.untilServing()
  await ensemble.writeEverywhere(random.pick(ids))
  ensemble.checkConverged()
  return { wipes, texts: ensemble.history.size }
}

describe('an ensemble of replicas in a simulated world', () => {
  test('crashes, cuts, freezes and lost disks, then all heals -> the highest id leads, and all hold all that was applied', async () => {
    let [wipes, texts] = [0, 0]
    for (let seed = 1; seed <= 16; seed++) {
      const { wipes: lost, texts: written } = await storm(seed)
      wipes += lost
      texts += written
    }
    expect(wipes).toBeGreaterThan(3)
    expect(texts).toBeGreaterThan(2000)
  })

  test('a sync while the leader dies -> is answered by the next reign, and has seen everything written before', async () => {
    const ensemble = new ReplicaEnsemble(3, { seed: 'sync' })
    const { world } = ensemble
    ensemble.boot(...ensemble.ids)
    await ensemble.untilServing()
    await world.run({ until: () => ensemble.leader === 3 && ensemble.serving.length === 3, limitMs: 30_000 })
    world.network.cut('s1', 's3', 'blackhole')
    const text = await ensemble.writeEverywhere(2, [2, 3])
    let seen: boolean | null = null
    ensemble.member(1).replica.sync(() => {
      seen = ensemble.has(1, text)
    })
    ensemble.crash(3)
    await world.run({ until: () => seen !== null, limitMs: 30_000 })
    expect(seen).toBe(true)
  })
})
