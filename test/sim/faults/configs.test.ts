import { describe, expect, it } from 'vitest'
import { configs } from '../../../src/sim/faults/configs.ts'
import { servingWorld } from './fault-world.ts'

describe('wrong configuration files', () => {
  it.each(['lackingConfig', 'wrongPort', 'wrongId'] as const)(
    '%s -> the other servers go on; with the right file the misled one is back',
    async (name) => {
      let refused = 0
      for (let seed = 1; seed <= 6; seed++) {
        const context = await servingWorld({ seed, config: { leaderPreemption: seed % 2 === 0 } })
        const { ensemble, passing, judge, random } = context
        const family = configs(context)
        expect(family[name](random)).toBe(true)
        // One at a time.
        expect(family.lackingConfig(random)).toBe(false)
        const misled = ensemble.ids.find((id) => !ensemble.host(id).up) ?? 0
        const client = await ensemble.connectedClient({ servers: ensemble.ids.filter((id) => id !== misled) })
        await ensemble.world.settle(client.create('/without', ''), 20_000)
        await ensemble.world.runFor(300)
        if (name !== 'wrongPort') expect(ensemble.serves(misled)).toBe(false)
        refused += judge.stops
        passing.endAll()
        await ensemble.untilServing()
        const reader = await ensemble.connectedClient({ servers: [misled] })
        expect(await ensemble.world.settle(reader.getChildren('/'))).toContain('without')
      }
      if (name === 'wrongId') expect(refused).toBeGreaterThan(5)
      else expect(refused).toBe(0)
    },
  )

  it('the leader is looked for at its peer port, whose heartbeats have no round -> the server goes on, and is back with the right file', async () => {
    const { ensemble, judge } = await servingWorld()
    const { leader } = ensemble
    const misled = ensemble.ids.find((id) => id !== leader) ?? 0
    ensemble.configure(misled, (shared) => ({
      ...shared,
      servers: shared.servers.map((server) =>
        server.id === leader ? { ...server, leaderPort: server.peerPort } : server,
      ),
    }))
    ensemble.crash(misled, 'process')
    ensemble.restart(misled)
    await ensemble.world.runFor(5_000)
    expect([ensemble.host(misled).up, ensemble.serves(misled), judge.stops]).toEqual([true, false, 0])
    expect(ensemble.world.trace.lines().some((line) => line.includes('heartbeat without a round'))).toBe(true)
    ensemble.configure(misled, null)
    ensemble.crash(misled, 'process')
    ensemble.restart(misled)
    await ensemble.untilServing()
  })

  it('one server -> there is no other to be taken for', async () => {
    const context = await servingWorld({ servers: 1 })
    for (const strike of Object.values(configs(context))) expect(strike(context.random)).toBe(false)
  })
})
