import { describe, expect, it } from 'vitest'
import { World } from '../../src/sim/index.ts'

describe('world', () => {
  it('run: until a time -> exactly then, whatever happens or not', async () => {
    const world = new World({ seed: 1 })
    await world.run({ untilMs: 1_234 })
    expect(world.nowMs).toBe(1_234)
  })

  it('run: until something holds -> stops at that instant', async () => {
    const world = new World({ seed: 1 })
    let done = false
    world.host('a').runtime.timers.after(500, () => {
      done = true
    })
    world.host('a').runtime.timers.after(600, () => {})
    await world.run({ until: () => done })
    expect(world.nowMs).toBe(500)
  })

  it('run: what it waits for never comes -> fails and names the seed', async () => {
    const world = new World({ seed: 4711 })
    await expect(world.run({ until: () => false, limitMs: 100 })).rejects.toThrow('seed 4711')
    world.host('a').runtime.timers.every(10, () => {})
    await expect(world.run({ until: () => false, limitMs: 100 })).rejects.toThrow('not within 100 ms')
  })

  it('run: an event that throws -> the run fails with it', async () => {
    const world = new World({ seed: 1 })
    world.host('a').runtime.timers.after(1, () => {
      throw new Error('broken rule')
    })
    await expect(world.runFor(10)).rejects.toThrow('broken rule')
  })

  it('turn: events of one instant on one host, their continuations, then the end of the turn', async () => {
    const world = new World({ seed: 1 })
    const calls: string[] = []
    const a = world.host('a').runtime.timers
    const b = world.host('b').runtime.timers
    a.after(10, async () => {
      calls.push('a1')
      a.endOfTurn(() => calls.push('a end'))
      await null
      calls.push('a1 continued')
    })
    b.after(10, () => calls.push('b'))
    a.after(10, () => {
      calls.push('a2')
      a.endOfTurn(() => calls.push('a end 2'))
    })
    await world.runFor(20)
    expect(calls).toEqual(['a1', 'a1 continued', 'a2', 'a end', 'a end 2', 'b'])
  })

  it('freeze: nothing happens; thaw -> everything due at once, and the others went on', async () => {
    const world = new World({ seed: 1 })
    const calls: string[] = []
    const host = world.host('a')
    host.runtime.timers.after(10, () => calls.push(`10 at ${Math.round(world.nowMs)}`))
    host.runtime.timers.after(20, () => calls.push(`20 at ${Math.round(world.nowMs)}`))
    world.host('b').runtime.timers.after(15, () => calls.push('other'))
    host.freeze()
    await world.runFor(100)
    expect(calls).toEqual(['other'])
    host.thaw()
    await world.runFor(1)
    expect(calls).toEqual(['other', '10 at 100', '20 at 100'])
  })

  it('freeze in the middle of a turn: the rest of the turn waits for the thaw', async () => {
    const world = new World({ seed: 1 })
    const host = world.host('a')
    const calls: string[] = []
    host.runtime.timers.after(10, () => {
      host.runtime.timers.endOfTurn(() => calls.push('end'))
      host.freeze()
    })
    host.runtime.timers.after(10, () => calls.push('second'))
    await world.runFor(50)
    expect(calls).toEqual([])
    host.thaw()
    await world.runFor(1)
    expect(calls.sort()).toEqual(['end', 'second'])
  })

  it('crash: timers, disk and network of that life stay silent; restart -> a new life', async () => {
    const world = new World({ seed: 1 })
    const host = world.host('a')
    const first = host.runtime
    const calls: string[] = []
    first.timers.every(1, () => calls.push('tick'))
    first.timers.endOfTurn(() => calls.push('turn'))
    void first.disk.makeFolder('x').then(() => calls.push('folder'))
    host.crash()
    first.timers.after(1, () => calls.push('after death'))
    void first.disk.list('x').then(() => calls.push('list'))
    await world.runFor(50)
    expect(calls).toEqual([])
    const second = host.restart()
    expect(second).not.toBe(first)
    second.timers.after(1, () => calls.push('alive'))
    await world.runFor(5)
    expect(calls).toEqual(['alive'])
  })

  it('clocks: a jump moves the wall clock only; a fast host waits less', async () => {
    const world = new World({ seed: 1, startWallMs: 1_000_000 })
    const host = world.host('a')
    host.clockRate = 2
    host.jumpWallClock(-500_000)
    let at = 0
    host.runtime.timers.after(100, () => {
      at = world.nowMs
    })
    await world.runFor(100)
    expect(at).toBe(50)
    expect(host.runtime.clock.monotonicMs()).toBe(200)
    expect(host.runtime.clock.wallMs()).toBe(500_200)
  })

  it('many cancelled timers -> the queue does not grow with them', async () => {
    const world = new World({ seed: 1 })
    const { timers } = world.host('a').runtime
    for (let i = 0; i < 100_000; i++) timers.after(60_000, () => {}).cancel()
    expect(world.queue.length).toBeLessThan(3_000)
    let calls = 0
    for (let i = 0; i < 5_000; i++) {
      const timer = timers.after(i % 77, () => calls++)
      if (i % 3 > 0) timer.cancel()
    }
    await world.runFor(100)
    expect(calls).toBe(1_667)
  })
})
