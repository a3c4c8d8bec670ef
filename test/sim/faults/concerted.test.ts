import { describe, expect, it } from 'vitest'
import { concerted } from '../../../src/sim/faults/concerted.ts'
import type { SimHost } from '../../../src/sim/sim-host.ts'
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

  it('lingering reign, five servers -> two reigns at once, the old one with a follower, and clients reach now one, now the other', async () => {
    const context = await servingWorld({ servers: 5 })
    const { ensemble, passing, random } = context
    const { world } = ensemble
    const clients = Array.from({ length: 6 }, () => ensemble.client())
    for (const client of clients) await world.settle(client.connect())
    const hosts = clients.map((_, index) => world.host(`c${index + 1}`))
    const seen = { onlyOld: 0, onlyNext: 0 }
    for (let strike = 0; strike < 6; strike++) {
      const old = ensemble.leader
      const { epoch } = ensemble.server(old).status().replica
      expect(concerted(context).lingeringReign(random)).toBe(true)
      expect(cutsIn(context)).toHaveLength(2 * 2 * 3)
      const next = ensemble.ids.filter((id) => cutsIn(context).includes(`${old}>${id}`))
      const left = ensemble.ids.filter((id) => !next.includes(id))
      expect(left).toHaveLength(2)
      const reignsOn = (): boolean =>
        left.every((id) => {
          const { replica } = ensemble.server(id).status()
          return replica.serving && replica.epoch === epoch && replica.leader === old
        })
      const reaches = (host: SimHost, ids: readonly number[]): boolean =>
        ids.some((id) => world.network.cutBetween(host, ensemble.host(id)) === null)
      const untilMs = world.nowMs + 10_000
      while (passing.count > 0 && world.nowMs < untilMs) {
        await world.runFor(5)
        if (ensemble.leader === old || !reignsOn()) continue
        for (const host of hosts) {
          if (!reaches(host, left)) seen.onlyNext++
          else if (!reaches(host, next)) seen.onlyOld++
        }
      }
      expect(cutsIn(context)).toEqual([])
      for (const host of hosts) expect(ensemble.ids.every((id) => reaches(host, [id]))).toBe(true)
      await ensemble.untilServing()
    }
    expect(seen.onlyOld).toBeGreaterThan(0)
    expect(seen.onlyNext).toBeGreaterThan(0)
    for (const client of clients) await world.settle(client.close())
  })

  it('lingering reign, three servers -> the leader is left alone, and stands still now and then', async () => {
    const context = await servingWorld()
    const { ensemble, passing, random } = context
    const client = await ensemble.connectedClient({ sessionTimeoutMs: 20_000 })
    let stoodStill = 0
    for (let strike = 0; strike < 8; strike++) {
      const { leader } = ensemble
      expect(concerted(context).lingeringReign(random)).toBe(true)
      expect(cutsIn(context).every((cut) => cut.includes(String(leader)))).toBe(true)
      expect(cutsIn(context)).toHaveLength(4)
      if (ensemble.host(leader).frozen) stoodStill++
      passing.endAll()
      expect(ensemble.host(leader).frozen).toBe(false)
      await settled(context)
    }
    expect(stoodStill).toBeGreaterThan(0)
    expect(stoodStill).toBeLessThan(8)
    await ensemble.world.settle(client.close())
  })

  it('lingering reign without clients, or without a leader -> nothing is done', async () => {
    const context = await servingWorld()
    expect(concerted(context).lingeringReign(context.random)).toBe(false)
    const asleep = faultWorld()
    asleep.ensemble.client()
    expect(concerted(asleep).lingeringReign(asleep.random)).toBe(false)
  })

  it('one server, with a client -> there is nothing to do', async () => {
    const context = await servingWorld({ servers: 1 })
    const client = context.ensemble.client()
    await context.ensemble.world.settle(client.connect())
    const { rivalCandidates, abandonedServer, mutedLeader, lingeringReign } = concerted(context)
    for (const strike of [rivalCandidates, abandonedServer, mutedLeader, lingeringReign]) {
      expect(strike(context.random)).toBe(false)
    }
  })

  it('muted leader without a leader -> nothing is done', () => {
    const context = faultWorld()
    expect(concerted(context).mutedLeader(context.random)).toBe(false)
  })
})
