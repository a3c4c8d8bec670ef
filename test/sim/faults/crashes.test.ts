import { describe, expect, it } from 'vitest'
import { crashes } from '../../../src/sim/faults/crashes.ts'
import { idsUp } from '../../../src/sim/faults/targets.ts'
import { servingWorld } from './fault-world.ts'

describe('crashes', () => {
  it('power loss, kill -> a server goes down and the caretaker brings it back', async () => {
    const context = await servingWorld()
    const { ensemble, random } = context
    for (const strike of [crashes(context).powerLoss, crashes(context).kill]) {
      expect(strike(random)).toBe(true)
      expect(idsUp(ensemble)).toHaveLength(2)
      await ensemble.untilServing()
    }
    expect(ensemble.ids.map((id) => ensemble.host(id).life).reduce((a, b) => a + b)).toBe(5)
  })

  it('a majority is down already -> mostly spared, yet not always', async () => {
    const context = await servingWorld()
    const { ensemble, random } = context
    ensemble.crash(1)
    const struck = Array.from(
      { length: 40 },
      () => idsUp(ensemble).length > 0 && crashes(context).kill(random),
    )
    expect(struck.filter((one) => one)).toHaveLength(2)
    await ensemble.untilServing()
  })

  it('crash at an await point -> it falls at another step each time, in the middle of a turn', async () => {
    const steps = new Set<string>()
    for (let seed = 1; seed <= 40; seed++) {
      const context = await servingWorld({ seed })
      const { ensemble, random } = context
      const { world } = ensemble
      const client = await ensemble.connectedClient()
      const pending = client.create('/a', '').catch(() => {})
      crashes(context).crashAtAwaitPoint(random)
      await world.run({ until: () => idsUp(ensemble).length < 3 })
      const lines = world.trace.lines()
      const at = lines.findLastIndex((line) => / crash (power|process)/.test(line))
      const before = lines.slice(0, at).findLast((line) => / s\d /.test(line)) ?? ''
      steps.add(before.trim().split(/\s+/).slice(2, 4).join(' '))
      await ensemble.untilServing()
      await world.settle(pending)
    }
    expect(steps.size).toBeGreaterThan(4)
  })

  it('crash in recovery -> it dies again while it starts, and comes back in the end', async () => {
    let deaths = 0
    for (let seed = 1; seed <= 5; seed++) {
      const context = await servingWorld({ seed })
      const { ensemble, random } = context
      expect(crashes(context).crashInRecovery(random)).toBe(true)
      await ensemble.untilServing()
      await ensemble.world.runFor(15_000)
      await ensemble.untilServing()
      deaths += Math.max(...ensemble.ids.map((id) => ensemble.host(id).life)) - 1
    }
    expect(deaths).toBeGreaterThan(10)
  })

  it('all at once -> nobody is up at that instant; afterwards everything acknowledged is there', async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const context = await servingWorld({ seed })
      const { ensemble, random } = context
      const client = await ensemble.connectedClient()
      for (let i = 0; i < 10; i++) await ensemble.world.settle(client.create(`/n${i}`, ''))
      expect(crashes(context).crashAll(random)).toBe(true)
      expect(idsUp(ensemble)).toEqual([])
      await ensemble.untilServing()
      const reader = await ensemble.connectedClient()
      const children = await ensemble.world.settle(reader.getChildren('/'))
      for (let i = 0; i < 10; i++) expect(children).toContain(`n${i}`)
    }
  })
})
