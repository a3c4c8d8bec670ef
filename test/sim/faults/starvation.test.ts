import { describe, expect, it } from 'vitest'
import { starvation } from '../../../src/sim/faults/starvation.ts'
import { faultWorld, servingWorld } from './fault-world.ts'

describe('starvation', () => {
  it('frozen leader -> nothing happens on it until its time is over; then all serve', async () => {
    const context = await servingWorld()
    const { ensemble, passing, random } = context
    const { leader } = ensemble
    expect(starvation(context).freezeLeader(random)).toBe(true)
    expect(ensemble.host(leader).frozen).toBe(true)
    expect(starvation(context).freezeLeader(random)).toBe(false)
    passing.endAll()
    expect(ensemble.host(leader).frozen).toBe(false)
    await ensemble.untilServing()
  })

  it('overloaded leader -> its turns take time, and the usual time afterwards', async () => {
    const context = await servingWorld()
    const { ensemble, random } = context
    const { leader } = ensemble
    expect(starvation(context).overloadedLeader(random)).toBe(true)
    expect(ensemble.host(leader).cpuUsPerEvent).toBeGreaterThan(0)
    expect(starvation(context).overloadedLeader(random)).toBe(false)
    await ensemble.world.runFor(5_000)
    expect(ensemble.host(leader).cpuUsPerEvent).toBe(0)
    await ensemble.untilServing()
  })

  it('nobody leads, nobody is up -> nothing is done', () => {
    const context = faultWorld()
    const { freezeLeader, overloadedLeader, freeze, slowServer } = starvation(context)
    expect(freezeLeader(context.random)).toBe(false)
    expect(overloadedLeader(context.random)).toBe(false)
    for (const id of context.ensemble.ids) context.ensemble.host(id).crash()
    expect(freeze(context.random)).toBe(false)
    expect(slowServer(context.random)).toBe(false)
  })
})
