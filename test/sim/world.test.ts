import { describe, expect, it } from 'vitest'
import type { Connection } from '../../src/runtime/network.ts'
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

  it('clock rate that changes while it runs -> the monotonic clock goes on from where it was', async () => {
    const world = new World({ seed: 1 })
    const host = world.host('a')
    await world.runFor(1_000)
    host.clockRate = 0.5
    expect(host.monotonicMs()).toBe(1_000)
    await world.runFor(1_000)
    expect(host.monotonicMs()).toBe(1_500)
    host.clockRate = 1
    await world.runFor(100)
    expect(host.monotonicMs()).toBe(1_600)
  })

  it('slow processor -> events wait for the turns before them, in their order; the usual pace returns', async () => {
    const world = new World({ seed: 1 })
    const host = world.host('a')
    host.cpuUsPerEvent = 10_000
    const calls: string[] = []
    const { timers } = host.runtime
    for (let i = 1; i <= 4; i++) timers.after(i, () => calls.push(`${i} at ${world.nowMs}`))
    await world.runFor(100)
    // The first is handled when it comes; the others come meanwhile, and are one turn.
    expect(calls).toEqual(['1 at 1', '2 at 11', '3 at 11', '4 at 11'])
    host.cpuUsPerEvent = 0
    calls.length = 0
    for (let i = 1; i <= 2; i++) timers.after(i, () => calls.push(`${i} at ${world.nowMs}`))
    await world.runFor(100)
    expect(calls).toEqual(['1 at 101', '2 at 102'])
  })

  it('slow disk -> its operations take so many times as long', async () => {
    const took = async (slowness: number): Promise<number> => {
      const world = new World({ seed: 1, disk: { opMinUs: 100, opMaxUs: 100 } })
      const host = world.host('a')
      host.diskSlowness = slowness
      await world.settle(host.runtime.disk.makeFolder('x'))
      return world.nowMs
    }
    expect(await took(1)).toBe(0.1)
    expect(await took(50)).toBe(5)
  })

  it('crash at every await point -> each step of a program is the last one once, with its effect and without its answer', async () => {
    const outcomes: string[] = []
    for (let point = 1; ; point++) {
      const world = new World({ seed: 1 })
      const host = world.host('a')
      const heard: string[] = []
      const program = async (): Promise<void> => {
        const { disk } = host.runtime
        const file = await disk.open('f', { create: true })
        heard.push('opened')
        await file.write([Buffer.from('x')], 0)
        heard.push('written')
        await file.sync()
        heard.push('synced')
      }
      host.crashAtAwaitPoint(point, 'process')
      void program()
      await world.runFor(100)
      if (host.up) break
      const { durable } = host.disk.file('f')
      outcomes.push(`${heard.join(' ')}, on the platter: ${durable.length}`)
    }
    expect(outcomes).toEqual([
      ', on the platter: 0',
      'opened, on the platter: 0',
      'opened, on the platter: 0',
      'opened written, on the platter: 0',
      'opened written, on the platter: 0',
      'opened written, on the platter: 1',
      'opened written synced, on the platter: 1',
    ])
  })

  it('crash at an await point, taken back -> it does not come', async () => {
    const world = new World({ seed: 1 })
    const host = world.host('a')
    host.crashAtAwaitPoint(2)
    host.cancelCrash()
    await world.settle(host.runtime.disk.makeFolder('x'))
    await world.settle(host.runtime.disk.makeFolder('y'))
    expect(host.up).toBe(true)
  })

  it('crash while a turn is flushed -> some peers have heard, others never will', async () => {
    const world = new World({ seed: 1 })
    const heard: string[] = []
    for (const name of ['b', 'c']) {
      await world
        .host(name)
        .runtime.network.listen({ host: name, port: 1 }, (connection) =>
          connection.setHandlers({ onData: () => heard.push(name), onClose: () => {} }),
        )
    }
    const { network, timers } = world.host('a').runtime
    const connections: Connection[] = []
    for (const host of ['b', 'c']) {
      connections.push(await world.settle(network.connect({ host, port: 1 }, 1_000)))
    }
    timers.after(10, () => {
      for (const connection of connections) connection.write(Buffer.from('x'))
    })
    // The event itself, then the flush of the first connection.
    world.host('a').crashAtAwaitPoint(2, 'process')
    await world.runFor(100)
    expect(heard).toEqual(['b'])
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
