import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Timers } from '../../src/runtime/timers.ts'
import { type TriedWorld, worlds } from './worlds.ts'

describe.each(Object.keys(worlds))('timers of the %s runtime', (name) => {
  let world: TriedWorld
  let timers: Timers

  beforeEach(async () => {
    world = await (worlds[name] as () => Promise<TriedWorld>)()
    timers = world.runtime.timers
  })
  afterEach(() => world.close())

  const pass = (ms: number) => world.wait(new Promise<void>((done) => timers.after(ms, done)))

  it('after: shorter first, equal ones in the order asked, never from within', async () => {
    const calls: string[] = []
    timers.after(20, () => calls.push('20'))
    timers.after(10, () => calls.push('10 first'))
    timers.after(10, () => calls.push('10 second'))
    timers.after(0, () => calls.push('0'))
    expect(calls).toEqual([])
    await pass(40)
    expect(calls).toEqual(['0', '10 first', '10 second', '20'])
  })

  it('after: the monotonic clock has moved by the delay', async () => {
    const before = world.runtime.clock.monotonicMs()
    await pass(25)
    const passed = world.runtime.clock.monotonicMs() - before
    expect(passed).toBeGreaterThanOrEqual(24)
  })

  it('cancel: before it is due -> no call; after the call -> harmless', async () => {
    let calls = 0
    const cancelled = timers.after(5, () => calls++)
    const made = timers.after(5, () => calls++)
    cancelled.cancel()
    cancelled.cancel()
    await pass(20)
    made.cancel()
    expect(calls).toBe(1)
  })

  it('every: again and again until cancelled, also from within its own call', async () => {
    let calls = 0
    const timer = timers.every(2, () => {
      calls++
      if (calls === 3) timer.cancel()
    })
    await pass(40)
    expect(calls).toBe(3)
  })

  it('endOfTurn: after the present code, in order; asked for within one -> the next turn', async () => {
    const calls: string[] = []
    await world.wait(
      new Promise<void>((done) => {
        timers.endOfTurn(() => {
          calls.push('first')
          timers.endOfTurn(() => {
            calls.push('within')
            done()
          })
        })
        timers.endOfTurn(() => calls.push('second'))
        calls.push('now')
      }),
    )
    expect(calls).toEqual(['now', 'first', 'second', 'within'])
  })
})
