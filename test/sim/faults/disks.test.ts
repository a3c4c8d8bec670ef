import { describe, expect, it } from 'vitest'
import type { Client } from '../../../src/client/client.ts'
import { disks } from '../../../src/sim/faults/disks.ts'
import type { Strike } from '../../../src/sim/faults/fault.ts'
import { servingWorld } from './fault-world.ts'

/** Writes for a while with the fault struck again and again, and says how many writes were acknowledged. */
async function underWrites(seed: number, pick: (family: ReturnType<typeof disks>) => Strike) {
  const context = await servingWorld({ seed })
  const { ensemble, passing, random } = context
  const { world } = ensemble
  const strike = pick(disks(context))
  const client = await ensemble.connectedClient({ sessionTimeoutMs: 20_000 })
  let over = false
  const acknowledged: string[] = []
  const writing = write(client, acknowledged, () => over)
  for (let i = 0; i < 10; i++) {
    strike(random)
    await world.runFor(400)
  }
  passing.endAll()
  over = true
  await world.settle(writing)
  await ensemble.untilServing()
  const reader = await ensemble.connectedClient()
  const children = new Set(await world.settle(reader.getChildren('/')))
  return { context, missing: acknowledged.filter((name) => !children.has(name)), acknowledged }
}

async function write(client: Client, acknowledged: string[], over: () => boolean): Promise<void> {
  for (let i = 0; !over(); i++) {
    try {
      await client.create(`/n${i}`, '.'.repeat(200))
      acknowledged.push(`n${i}`)
    } catch {
      // Nobody was told that it is there.
    }
  }
}

describe('disks', () => {
  it.each(['writeError', 'syncError', 'fullDisk'] as const)(
    '%s under writes -> the disks did fail, servers said so and came back, nothing acknowledged is lost',
    async (name) => {
      let errors = 0
      let acknowledged = 0
      for (let seed = 1; seed <= 4; seed++) {
        const run = await underWrites(seed, (family) => family[name])
        const { ensemble } = run.context
        expect(run.missing).toEqual([])
        for (const id of ensemble.ids) errors += ensemble.host(id).disk.errorsGiven
        acknowledged += run.acknowledged.length
      }
      expect(errors).toBeGreaterThan(5)
      // Who has failed stands aside for a second or more: often there is no majority to write to.
      expect(acknowledged).toBeGreaterThan(80)
    },
  )

  it('slow disk -> writes wait for it, nothing stops', async () => {
    const { context, missing } = await underWrites(1, (family) => family.slowDisk)
    expect(missing).toEqual([])
    expect(context.judge.stops).toBe(0)
    expect(context.ensemble.world.trace.lines().some((line) => line.includes('slow disk'))).toBe(true)
    expect(context.ensemble.ids.map((id) => context.ensemble.host(id).diskSlowness)).toEqual([1, 1, 1])
  })
})
