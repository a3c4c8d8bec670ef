import { describe, expect, it } from 'vitest'
import { lostData } from '../../../src/sim/faults/lost-data.ts'
import { atDepth } from '../../depth.ts'
import { servingWorld } from './fault-world.ts'

const seeds = atDepth(6, 12)
const rots = ['logRot', 'snapshotRot', 'stateRot'] as const

/** Enough transactions for a snapshot or two, and a pause in which the log is vouched for. */
async function writtenWorld(seed: number) {
  const context = await servingWorld({ seed, config: { snapCount: 20 } })
  const { ensemble } = context
  const client = await ensemble.connectedClient()
  for (let i = 0; i < 50; i++) await ensemble.world.settle(client.create(`/n${i}`, `${i}`))
  await ensemble.world.runFor(1_000)
  return context
}

describe('lost data', () => {
  it.each(rots)(
    '%s of a server that is restarted -> the right state or a refusal, after which it is emptied and brought back',
    async (name) => {
      let noticed = 0
      for (let seed = 1; seed <= seeds; seed++) {
        const context = await writtenWorld(seed)
        const { ensemble, budget, judge } = context
        const before = await ensemble.converge()
        expect(lostData(context, { beyondBudget: false })[name](context.random)).toBe(true)
        const rotten = ensemble.ids.find((id) => !budget.isSound(id)) ?? 0
        ensemble.crash(rotten)
        await ensemble.untilServing()
        expect(await ensemble.converge()).toBe(before)
        await ensemble.world.runFor(100)
        expect(budget.isSound(rotten)).toBe(judge.stops > 0)
        const lines = ensemble.world.trace.lines()
        if (judge.stops > 0) noticed++
        else if (lines.some((line) => line.includes('snapshot damaged'))) noticed++
      }
      expect(noticed).toBeGreaterThan(seeds / 4)
    },
  )

  it('a second disk -> spared while the first is lost; beyond the budget it is not', async () => {
    const context = await writtenWorld(1)
    const { ensemble, budget, random } = context
    const { stateRot, wipe } = lostData(context, { beyondBudget: false })
    expect(stateRot(random)).toBe(true)
    for (let i = 0; i < 20; i++) stateRot(random)
    expect(ensemble.ids.filter((id) => !budget.isSound(id))).toHaveLength(1)
    const beyond = lostData(context, { beyondBudget: true })
    for (let i = 0; i < 20; i++) beyond.stateRot(random)
    expect(budget.recoverable).toBe(false)
    expect(wipe(random)).toBe(false)
  })

  it('a majority refuses to start -> they stay down with their data, and nobody serves', async () => {
    const context = await writtenWorld(1)
    const { ensemble, judge, random } = context
    const beyond = lostData(context, { beyondBudget: true })
    for (let i = 0; i < 40; i++) beyond.stateRot(random)
    for (const id of ensemble.ids) ensemble.crash(id)
    await ensemble.world.runFor(20_000)
    expect(judge.stops).toBe(3)
    expect(ensemble.running).toEqual([])
    for (const id of ensemble.ids) expect(ensemble.host(id).disk.durableFiles()).not.toEqual([])
  })

  it('wipe -> the disk is empty; it counts again when its server serves again', async () => {
    const context = await writtenWorld(1)
    const { ensemble, budget } = context
    const before = await ensemble.converge()
    expect(lostData(context, { beyondBudget: false }).wipe(context.random)).toBe(true)
    const wiped = ensemble.ids.find((id) => !budget.isSound(id)) ?? 0
    expect(ensemble.host(wiped).up).toBe(false)
    expect(ensemble.host(wiped).disk.durableFiles()).toEqual([])
    await ensemble.untilServing()
    await ensemble.world.runFor(100)
    expect(budget.isSound(wiped)).toBe(true)
    expect(await ensemble.converge()).toBe(before)
  })
})
