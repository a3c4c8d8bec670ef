import { describe, expect, it } from 'vitest'
import { World, type WorldOptions } from '../../src/sim/index.ts'

/** Three hosts that talk, write to disk, crash and come back, all drawn from the seed. */
async function busyRun(seed: number, options: Partial<WorldOptions> = {}): Promise<World> {
  const world = new World({ seed, ...options })
  const names = ['a', 'b', 'c']
  const boot = (name: string): void => {
    const { runtime } = world.host(name)
    void runtime.network.listen({ host: name, port: 1 }, (connection) => {
      connection.setHandlers({ onData: (bytes) => connection.write(bytes), onClose: () => {} })
    })
    for (const peer of names) {
      runtime.timers.every(50, () => {
        runtime.network.connect({ host: peer, port: 1 }, 100).then(
          (connection) => {
            connection.setHandlers({
              onData: () =>
                runtime.random.below(3) === 0 ? connection.end() : connection.write(runtime.random.bytes(9)),
              onClose: () => {},
            })
            connection.write(runtime.random.bytes(1 + runtime.random.below(40)))
          },
          (error: Error) => runtime.log.info('not connected', { error: error.message }),
        )
      })
    }
    void (async () => {
      const file = await runtime.disk.open('log', { create: true })
      for (let at = 0; ; at += 8) {
        await file.write([runtime.random.bytes(8)], at)
        await file.sync()
      }
    })()
  }
  for (const name of names) world.host(name)
  for (const name of names) boot(name)
  world.at(200, () => world.host('b').crash())
  world.at(300, () => world.host('b').restart())
  world.at(301, () => boot('b'))
  world.at(400, () => world.network.cut('a', 'c', 'blackhole'))
  world.at(500, () => world.network.healAll())
  await world.run({ untilMs: 800 })
  return world
}

describe('trace', () => {
  it('same seed -> the same hash and lines; another seed -> others', async () => {
    const [first, again, other] = [await busyRun(1), await busyRun(1), await busyRun(2)]
    expect(first.trace.count).toBeGreaterThan(1_000)
    expect(again.trace.hash).toBe(first.trace.hash)
    expect(again.trace.lines()).toEqual(first.trace.lines())
    expect(other.trace.hash).not.toBe(first.trace.hash)
  })

  it('what is kept or echoed -> does not change the hash', async () => {
    const echoed: string[] = []
    const plain = await busyRun(3)
    const watched = await busyRun(3, { keptEvents: 10, echo: (line) => echoed.push(line) })
    expect(watched.trace.hash).toBe(plain.trace.hash)
    expect(watched.trace.lines()).toEqual(plain.trace.lines(10))
    expect(echoed).toHaveLength(plain.trace.count)
  })

  it('one different number in one event -> another hash', async () => {
    const world = new World({ seed: 1 })
    const other = new World({ seed: 1 })
    world.host('a').note('x', '', 1)
    other.host('a').note('x', '', 2)
    expect(world.trace.hash).not.toBe(other.trace.hash)
  })
})
