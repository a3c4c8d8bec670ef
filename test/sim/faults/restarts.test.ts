import { describe, expect, it } from 'vitest'
import { restarts } from '../../../src/sim/faults/restarts.ts'
import { servingWorld } from './fault-world.ts'

describe('restarts on purpose', () => {
  it('rolling restart -> each server once, one after the other, each back before the next goes', async () => {
    const context = await servingWorld()
    const { ensemble, random } = context
    const { rollingRestart } = restarts(context)
    expect(rollingRestart(random)).toBe(true)
    expect(rollingRestart(random)).toBe(false)
    let fewest = 3
    await ensemble.world.run({
      until: () => {
        fewest = Math.min(fewest, ensemble.running.length)
        return ensemble.ids.every((id) => ensemble.host(id).life === 2 && ensemble.serves(id))
      },
      limitMs: 30_000,
    })
    expect(fewest).toBe(2)
  })

  it('rolling restart that is ended -> no further server goes down', async () => {
    const context = await servingWorld()
    const { ensemble, passing } = context
    restarts(context).rollingRestart(context.random)
    passing.endAll()
    await ensemble.world.runFor(20_000)
    expect(ensemble.ids.filter((id) => ensemble.host(id).life > 1)).toHaveLength(1)
    await ensemble.untilServing()
  })

  it('hand-over -> the highest id loses the crown and has it back', async () => {
    for (let seed = 1; seed <= 8; seed++) {
      const context = await servingWorld({ seed })
      const { ensemble } = context
      const leaders = new Set<number>()
      const look = (): void => {
        leaders.add(ensemble.leader)
        ensemble.world.at(ensemble.world.nowMs + 10, look)
      }
      look()
      expect(restarts(context).handOver(context.random)).toBe(true)
      await ensemble.world.runFor(10_000)
      await ensemble.untilLeader(3)
      await ensemble.untilServing()
      expect(leaders).toContain(2)
    }
  })
})
