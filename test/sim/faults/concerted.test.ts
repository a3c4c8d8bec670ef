import { describe, expect, it } from 'vitest'
import { concerted } from '../../../src/sim/faults/concerted.ts'
import { cutsIn, faultWorld, servingWorld } from './fault-world.ts'

/** Until what a strike has begun is over, and all servers are back. */
async function settled({ ensemble, passing }: Awaited<ReturnType<typeof servingWorld>>): Promise<void> {
  await ensemble.world.run({ until: () => passing.count === 0, limitMs: 10_000 })
  await ensemble.untilServing()
}

describe('concerted faults', () => {
  it('rival candidates -> two servers do not see each other, the leader dies, and connections end again and again', async () => {
    const context = await servingWorld()
    const { ensemble, passing, random } = context
    const { leader } = ensemble
    const { life } = ensemble.host(leader)
    expect(concerted(context).rivalCandidates(random)).toBe(true)
    expect(cutsIn(context)).toHaveLength(2)
    expect(ensemble.host(leader).up).toBe(false)
    await ensemble.world.run({ until: () => passing.count === 0, limitMs: 10_000 })
    expect(cutsIn(context)).toEqual([])
    const torn = ensemble.world.trace.lines(100_000).filter((line) => line.includes('reset connections'))
    expect(torn.length).toBeGreaterThan(2)
    await settled(context)
    expect(ensemble.host(leader).life).toBeGreaterThan(life)
  })

  it('rival candidates with two servers -> nothing is done', () => {
    const context = faultWorld({ servers: 2 })
    expect(concerted(context).rivalCandidates(context.random)).toBe(false)
  })

  it('abandoned server -> some clients lose it, or all others, for a while; without clients nothing is done', async () => {
    const context = await servingWorld()
    const { ensemble, passing, random } = context
    const { network } = ensemble.world
    expect(concerted(context).abandonedServer(random)).toBe(false)
    const client = ensemble.client()
    await ensemble.world.settle(client.connect())
    const host = ensemble.world.host('c1')
    const lost = new Set<number>()
    for (let i = 0; i < 12; i++) {
      expect(concerted(context).abandonedServer(random)).toBe(true)
      await ensemble.world.runFor(410)
      const servers = ensemble.ids.filter((id) => network.cutBetween(host, ensemble.host(id)) !== null)
      lost.add(servers.length)
      passing.endAll()
      for (const id of ensemble.ids) {
        expect(network.cutBetween(host, ensemble.host(id))).toBeNull()
        expect(ensemble.host(id).diskSlowness).toBe(1)
      }
    }
    expect([...lost].sort()).toEqual([0, 1, 2])
    await ensemble.world.settle(client.close())
  })

  it('muted leader -> it hears the others and is not heard, and often one of them dies', async () => {
    const context = await servingWorld()
    const { ensemble, passing, random } = context
    let deaths = 0
    for (let i = 0; i < 8; i++) {
      const { leader } = ensemble
      expect(concerted(context).mutedLeader(random)).toBe(true)
      const others = ensemble.ids.filter((id) => id !== leader)
      expect(cutsIn(context)).toEqual(others.map((id) => `${leader}>${id}`))
      const lives = others.map((id) => ensemble.host(id).life)
      await settled(context)
      if (others.some((id, i) => ensemble.host(id).life > (lives[i] ?? 0))) deaths++
      expect(passing.count).toBe(0)
    }
    expect(deaths).toBeGreaterThan(0)
  })

  it('one server, with a client -> there is nothing to do', async () => {
    const context = await servingWorld({ servers: 1 })
    const client = context.ensemble.client()
    await context.ensemble.world.settle(client.connect())
    const { rivalCandidates, abandonedServer, mutedLeader } = concerted(context)
    for (const strike of [rivalCandidates, abandonedServer, mutedLeader]) {
      expect(strike(context.random)).toBe(false)
    }
  })

  it('muted leader without a leader -> nothing is done', () => {
    const context = faultWorld()
    expect(concerted(context).mutedLeader(context.random)).toBe(false)
  })
})
