import { describe, expect, it } from 'vitest'
import { links } from '../../../src/sim/faults/links.ts'
import { faultWorld, servingWorld } from './fault-world.ts'

/** The longest delay drawn on any of the ensemble's links. */
function longestDelayUs({ ensemble }: ReturnType<typeof faultWorld>): number {
  const { network } = ensemble.world
  let longest = 0
  for (const a of ensemble.ids) {
    for (const b of ensemble.ids) {
      for (let i = 0; a !== b && i < 50; i++) {
        longest = Math.max(longest, network.delayUs(ensemble.host(a), ensemble.host(b)))
      }
    }
  }
  return longest
}

describe('links', () => {
  it('jitter, slow link -> delays far beyond the usual, and the usual ones afterwards', () => {
    const context = faultWorld({ servers: 2 })
    const { jitter, slowLink } = links(context)
    for (const strike of [jitter, slowLink]) {
      expect(longestDelayUs(context)).toBeLessThanOrEqual(500)
      expect(strike(context.random)).toBe(true)
      expect(longestDelayUs(context)).toBeGreaterThan(5_000)
      context.passing.endAll()
    }
    expect(longestDelayUs(context)).toBeLessThanOrEqual(500)
  })

  it('resets -> connections of servers and of clients end; all serve again by themselves', async () => {
    const context = await servingWorld()
    const { ensemble, random } = context
    const client = await ensemble.connectedClient()
    let lost = 0
    client.on('state', (state) => {
      if (state !== 'connected') lost++
    })
    for (let i = 0; i < 100; i++) {
      expect(links(context).reset(random)).toBe(true)
      await ensemble.world.runFor(20)
    }
    expect(lost).toBeGreaterThan(3)
    expect(
      ensemble.world.trace.lines().filter((line) => line.includes('peer is gone')).length,
    ).toBeGreaterThan(3)
    await ensemble.untilServing()
  })

  it('one server without clients -> there is no link', () => {
    const context = faultWorld({ servers: 1 })
    for (const strike of Object.values(links(context))) expect(strike(context.random)).toBe(false)
  })
})
