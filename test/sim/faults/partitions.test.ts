import { describe, expect, it } from 'vitest'
import type { FaultContext, FaultName, Strike } from '../../../src/sim/faults/fault.ts'
import { partitions } from '../../../src/sim/faults/partitions.ts'
import { cutsIn, faultWorld, servingWorld } from './fault-world.ts'

/** The cuts that each of many strikes makes, all healed in between. */
function cutsOf(strike: Strike, context: ReturnType<typeof faultWorld>): string[][] {
  return Array.from({ length: 60 }, () => {
    expect(strike(context.random)).toBe(true)
    const cuts = cutsIn(context)
    context.passing.endAll()
    expect(cutsIn(context)).toEqual([])
    return cuts
  })
}

const groupsSeen = (cuts: readonly string[]) => new Set(cuts.join(' ').match(/\d/g))

describe('partitions', () => {
  it('one way -> one server does not reach one other, and is reached by it', () => {
    const context = faultWorld()
    const seen = cutsOf(partitions(context).oneWay, context)
    for (const cuts of seen) expect(cuts).toHaveLength(1)
    expect(new Set(seen.flat()).size).toBe(6)
  })

  it('isolated server -> it reaches none of the others, or they it', () => {
    const context = faultWorld()
    const seen = cutsOf(partitions(context).isolatedServer, context)
    for (const cuts of seen) expect([2, 4]).toContain(cuts.length)
    expect(seen.some((cuts) => cuts.length === 2)).toBe(true)
    expect(seen.some((cuts) => cuts.length === 4)).toBe(true)
  })

  it('isolated leader -> it is the leader; without one nothing is done', async () => {
    const idle = faultWorld()
    expect(partitions(idle).isolatedLeader(idle.random)).toBe(false)
    const context = await servingWorld()
    expect(partitions(context).isolatedLeader(context.random)).toBe(true)
    for (const cut of cutsIn(context)) expect(cut).toContain(`${context.ensemble.leader}`)
  })

  it('split -> two groups, each whole, none reaches the other', () => {
    const context = faultWorld({ servers: 5 })
    for (const cuts of cutsOf(partitions(context).split, context)) {
      const size = cuts.length / 2
      expect([4, 6]).toContain(size)
      const ofOne = cuts.filter((cut) => cut.startsWith('1')).map((cut) => cut.slice(2))
      // Whoever 1 does not reach, the others of its group do not reach either.
      const group = ['1', '2', '3', '4', '5'].filter((id) => !ofOne.includes(id))
      for (const id of group) {
        expect(cuts.filter((cut) => cut.startsWith(id)).map((cut) => cut.slice(2))).toEqual(ofOne)
      }
    }
  })

  it('bridge -> one server reaches all, the others are two halves', () => {
    const context = faultWorld({ servers: 5 })
    for (const cuts of cutsOf(partitions(context).bridge, context)) {
      expect(cuts).toHaveLength(8)
      expect(groupsSeen(cuts).size).toBe(4)
    }
  })

  it('non-transitive -> somebody sees two who do not see each other', () => {
    const context = faultWorld()
    const { nonTransitive } = partitions(context)
    let lopsided = 0
    for (let i = 0; i < 60; i++) {
      if (!nonTransitive(context.random)) continue
      if ([1, 2].includes(cutsIn(context).length)) lopsided++
      context.passing.endAll()
    }
    expect(lopsided).toBeGreaterThan(10)
  })

  it('client cut -> servers see each other, a client does not see all of them', () => {
    const context = faultWorld()
    const { clientCut } = partitions(context)
    expect(clientCut(context.random)).toBe(false)
    context.ensemble.client()
    const { world } = context.ensemble
    let cut = 0
    for (let i = 0; i < 60; i++) {
      clientCut(context.random)
      expect(cutsIn(context)).toEqual([])
      for (const id of context.ensemble.ids) {
        if (world.network.cutBetween(world.host('c1'), context.ensemble.host(id)) !== null) cut++
      }
      context.passing.endAll()
    }
    expect(cut).toBeGreaterThan(30)
  })

  it('silent client -> it reaches no server, the other clients reach all', () => {
    const context = faultWorld()
    const { silentClient } = partitions(context)
    expect(silentClient(context.random)).toBe(false)
    const { ensemble, passing, random } = context
    ensemble.client()
    ensemble.client()
    const { network } = ensemble.world
    const seen = new Set<string>()
    for (let i = 0; i < 60; i++) {
      const struck = silentClient(random)
      const lost = ['c1', 'c2'].map(
        (client) =>
          ensemble.ids.filter(
            (id) => network.cutBetween(ensemble.world.host(client), ensemble.host(id)) !== null,
          ).length,
      )
      expect(struck).toBe(lost.some((servers) => servers > 0))
      expect(cutsIn(context)).toEqual([])
      seen.add(lost.join())
      passing.endAll()
    }
    expect([...seen].sort()).toEqual(['0,0', '0,3', '3,0', '3,3'])
  })

  it('one server -> there is nothing to cut', () => {
    const context = faultWorld({ servers: 1 })
    const struck = Object.entries(partitions(context as FaultContext)) as [FaultName, Strike][]
    for (const [name, strike] of struck) expect([name, strike(context.random)]).toEqual([name, false])
  })

  it('its time is over -> the cut heals by itself', async () => {
    const context = faultWorld()
    partitions(context).split(context.random)
    expect(cutsIn(context)).not.toEqual([])
    await context.ensemble.world.runFor(10_000)
    expect(cutsIn(context)).toEqual([])
  })
})
