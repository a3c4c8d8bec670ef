import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Connection } from '../../src/runtime/network.ts'
import { World } from '../../src/sim/index.ts'

interface End {
  connection: Connection
  text: string
  closes: (Error | undefined)[]
}

function endOf(connection: Connection): End {
  const end: End = { connection, text: '', closes: [] }
  connection.setHandlers({
    onData: (bytes) => {
      end.text += bytes.toString()
    },
    onClose: (reason) => end.closes.push(reason),
  })
  return end
}

async function connected(seed: number | string = 1) {
  const world = new World({ seed })
  const [a, b] = [world.host('a'), world.host('b')]
  let far: End | undefined
  await a.runtime.network.listen({ host: 'a', port: 7 }, () => {})
  await b.runtime.network.listen({ host: 'b', port: 7 }, (connection) => {
    far = endOf(connection)
  })
  const near = endOf(await world.settle(a.runtime.network.connect({ host: 'b', port: 7 }, 500)))
  await world.run({ until: () => far !== undefined })
  return { world, a, b, near, far: far as unknown as End }
}

const say = (end: End, text: string) => end.connection.write(Buffer.from(text))

describe('simulated network', () => {
  it('random delays, many seeds -> bytes keep their order', async () => {
    for (let seed = 0; seed < 30; seed++) {
      const { world, near, far } = await connected(seed)
      world.network.setDelay('a', 'b', { minMs: 0, maxMs: 20 })
      let sent = ''
      for (let i = 0; i < 60; i++) {
        say(near, `${i},`)
        sent += `${i},`
        if (i % 3 === 0) await world.runFor(1)
      }
      near.connection.end()
      await world.runFor(2_000)
      expect(far.text).toBe(sent)
      expect([near.closes, far.closes]).toEqual([[undefined], [undefined]])
    }
  })

  it('crash: the peer sees a reset, later, once; the dead port refuses', async () => {
    const { world, a, b, near, far } = await connected()
    b.crash()
    expect(near.closes).toEqual([])
    await world.runFor(100)
    expect(near.closes.map((reason) => reason?.message)).toEqual(['b is gone'])
    expect(far.closes).toEqual([])
    await expect(world.settle(a.runtime.network.connect({ host: 'b', port: 7 }, 500))).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    })
  })

  it('cut by reset: both ends close, new connections fail; healed -> they succeed', async () => {
    const { world, a, near, far } = await connected()
    world.network.cut('a', 'b')
    await world.runFor(50)
    expect([near.closes.length, far.closes.length]).toEqual([1, 1])
    expect(near.closes[0]).toMatchObject({ code: 'ECONNRESET' })
    const dial = () => world.settle(a.runtime.network.connect({ host: 'b', port: 7 }, 500))
    await expect(dial()).rejects.toMatchObject({ code: 'EHOSTUNREACH' })
    world.network.heal('a', 'b')
    endOf(await dial())
  })

  it('black hole: silence, no close, connecting times out; healed -> what was held arrives in order', async () => {
    const { world, a, near, far } = await connected()
    world.network.cut('a', 'b', 'blackhole')
    say(near, 'one')
    await world.runFor(1_000)
    say(near, 'two')
    await world.runFor(60_000)
    expect([far.text, near.closes, far.closes]).toEqual(['', [], []])
    await expect(world.settle(a.runtime.network.connect({ host: 'b', port: 7 }, 500))).rejects.toMatchObject({
      code: 'ETIMEDOUT',
    })
    world.network.heal('a', 'b')
    say(near, 'three')
    await world.runFor(50)
    expect(far.text).toBe('onetwothree')
  })

  it('black hole that becomes a cut by reset: nothing arrives behind the gap, and both ends close', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const { world, near, far } = await connected(seed)
      say(near, 'zero')
      await world.runFor(1)
      world.network.cut('a', 'b', 'blackhole')
      say(near, 'one')
      await world.runFor(1)
      world.network.cut('a', 'b')
      say(near, 'two')
      await world.runFor(50)
      expect([far.text, near.closes.length, far.closes.length]).toEqual(['zero', 1, 1])
    }
  })

  it('cuts of all kinds in any order -> what arrives is a beginning of what was sent, in both directions', async () => {
    type Step = (world: World) => void
    const steps: readonly Step[] = [
      ({ network }) => network.cut('a', 'b'),
      ({ network }) => network.cut('a', 'b', 'blackhole'),
      ({ network }) => network.cutOneWay('a', 'b'),
      ({ network }) => network.cutOneWay('b', 'a'),
      ({ network }) => network.heal('a', 'b'),
      ({ network }) => network.resetConnections('a', 'b'),
    ]
    const moments = fc.array(
      fc.record({ step: fc.constantFrom(null, null, ...steps), afterMs: fc.constantFrom(0, 0.1, 0.5, 3) }),
      { maxLength: 24 },
    )
    await fc.assert(
      fc.asyncProperty(fc.nat(), moments, async (seed, run) => {
        const { world, near, far } = await connected(seed)
        const sent = { near: '', far: '' }
        for (const [index, { step, afterMs }] of run.entries()) {
          step?.(world)
          if (say(near, `n${index},`)) sent.near += `n${index},`
          if (say(far, `f${index},`)) sent.far += `f${index},`
          await world.runFor(afterMs)
        }
        await world.runFor(50)
        expect(sent.near.startsWith(far.text)).toBe(true)
        expect(sent.far.startsWith(near.text)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('one way cut: the other way goes on', async () => {
    const { world, near, far } = await connected()
    world.network.cutOneWay('a', 'b')
    say(near, 'lost for now')
    say(far, 'heard')
    await world.runFor(100)
    expect([near.text, far.text]).toEqual(['heard', ''])
  })

  it('crash behind a black hole: the peer learns of it when the link heals', async () => {
    const { world, b, near } = await connected()
    world.network.cut('a', 'b', 'blackhole')
    b.crash()
    await world.runFor(10_000)
    expect(near.closes).toEqual([])
    world.network.heal('a', 'b')
    await world.runFor(100)
    expect(near.closes).toHaveLength(1)
  })

  it('partition: links inside the groups stay', async () => {
    const { world, near } = await connected()
    world.host('c')
    world.network.partition([['a', 'b'], ['c']])
    await world.runFor(100)
    expect(near.closes).toEqual([])
    await expect(
      world.settle(world.host('c').runtime.network.connect({ host: 'b', port: 7 }, 500)),
    ).rejects.toMatchObject({ code: 'EHOSTUNREACH' })
  })

  it('frozen peer: bytes wait in order, connecting succeeds, after the thaw all is handled', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const { world, a, b, near, far } = await connected(seed)
      b.freeze()
      for (let i = 0; i < 10; i++) {
        say(near, `${i}`)
        await world.runFor(0.3)
      }
      endOf(await world.settle(a.runtime.network.connect({ host: 'b', port: 7 }, 500)))
      expect(far.text).toBe('')
      say(near, 'a')
      b.thaw()
      say(near, 'b')
      await world.runFor(10)
      expect(far.text).toBe('0123456789ab')
    }
  })

  it('thaw at the very instant at which more bytes arrive -> they come behind those that waited', async () => {
    let meanwhile = 0
    for (let inMs = 4.8; inMs < 5.3; inMs += 0.05) {
      const { world, b, near, far } = await connected()
      world.network.setDelay('a', 'b', { minMs: 5, maxMs: 5 })
      b.freeze()
      say(near, 'early')
      await world.runFor(20)
      say(near, 'late')
      world.at(world.nowMs + inMs, () => b.thaw())
      await world.run({ until: () => far.text.length > 0 })
      if (far.text === 'early') meanwhile++
      await world.runFor(10)
      expect(far.text).toBe('earlylate')
    }
    expect(meanwhile).toBeGreaterThan(0)
  })

  it('the writer changes lent bytes after the turn -> the receiver has the old ones', async () => {
    const { world, near, far } = await connected()
    const bytes = Buffer.from('kept')
    world.host('a').runtime.timers.after(0, () => near.connection.write(bytes))
    await world.runFor(0.05)
    bytes.fill(0)
    await world.runFor(10)
    expect(far.text).toBe('kept')
  })
})
