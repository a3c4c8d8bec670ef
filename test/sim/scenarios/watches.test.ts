import { expect, it } from 'vitest'
import type { Client, WatchEvent } from '../../../src/client/index.ts'
import type { SimEnsemble } from '../../../src/sim/sim-ensemble.ts'
import { atDepth } from '../../depth.ts'
import { forSeeds, scenarioTimeoutMs } from './for-seeds.ts'

const readers = atDepth(8, 40)
const mirrors = atDepth(8, 30)
const options = { servers: 3, network: { delayMinUs: 500, delayMaxUs: 4000 } }

/** Knows of a node only by reading it again whenever a one-shot watch says so. */
class Follower {
  readonly path: string
  /** Data, or null when there is no node; undefined before the first answer. */
  data: string | null | undefined
  children: readonly string[] = []
  readonly #client: Client

  constructor(client: Client, path: string) {
    this.#client = client
    this.path = path
    this.#readData()
    this.#readChildren()
  }

  /** `exists` first, for its watch stays on a missing node too. What fails with the connection is asked again. */
  #readData(): void {
    const again = (): void => this.#readData()
    this.#client.exists(this.path, { watch: again }).then(async (stat) => {
      this.data = stat === null ? null : String(stat.version)
    }, again)
  }

  #readChildren(): void {
    const again = (): void => this.#readChildren()
    this.#client.getChildren(this.path, { watch: again }).then(
      (names) => {
        this.children = [...names].sort()
      },
      () =>
        this.#client.exists(this.path, { watch: again }).then((stat) => {
          this.children = []
          if (stat !== null) this.#readChildren()
        }, again),
    )
  }
}

const names = ['/a', '/b', '/c', '/a/x', '/a/y', '/b/x']

/** One change of the tree, whatever it finds. */
function change(client: Client, random: { below(n: number): number }): Promise<unknown> {
  const path = names[random.below(names.length)] as string
  switch (random.below(3)) {
    case 0:
      return client.create(path, '').catch(() => null)
    case 1:
      return client.delete(path).catch(() => null)
    default:
      return client.set(path, 'x').catch(() => null)
  }
}

async function truth(ensemble: SimEnsemble, client: Client, path: string): Promise<unknown[]> {
  const { world } = ensemble
  await world.settle(client.sync(path))
  const stat = await world.settle(client.exists(path))
  const children = stat === null ? [] : await world.settle(client.getChildren(path))
  return [path, stat === null ? null : String(stat.version), [...children].sort()]
}

it(
  'watches: connections and servers are lost while nodes change -> nobody who reads again on events stays behind',
  async () => {
    let reconnects = 0
    await forSeeds(readers, options, async (ensemble) => {
      const { world } = ensemble
      ensemble.start()
      await ensemble.untilServing()
      const random = world.random.fork('changes')
      const watcher = await ensemble.connectedClient()
      const writer = await ensemble.connectedClient()
      watcher.on('state', (state) => {
        if (state === 'connected') reconnects++
      })
      const followers = names.map((path) => new Follower(watcher, path))
      for (let round = 0; round < 12; round++) {
        for (let i = 0; i < 6; i++) await world.settle(change(writer, random))
        for (const id of ensemble.ids) world.network.resetConnections('c1', `s${id}`)
        if (random.below(3) === 0) {
          const id = 1 + random.below(3)
          ensemble.crash(id, 'process')
          for (let i = 0; i < 3; i++) await world.settle(change(writer, random))
          ensemble.restart(id)
        }
        // While the watcher is away, or on its way back.
        for (let i = 0; i < 6; i++) await world.settle(change(writer, random))
        await world.runFor(random.below(400))
      }
      await ensemble.converge()
      await world.runFor(10_000)
      for (const { path, data, children } of followers) {
        expect([path, data, children]).toEqual(await truth(ensemble, writer, path))
      }
    })
    expect(reconnects).toBeGreaterThan(readers * 10)
  },
  scenarioTimeoutMs,
)

/** Keeps a set of paths by nothing but the events of a recursive watch. */
class Mirror {
  readonly paths = new Set<string>()
  readonly events: WatchEvent[] = []

  take(event: WatchEvent): void {
    this.events.push(event)
    if (event.type === 'created') this.paths.add(event.path)
    else if (event.type === 'deleted') this.paths.delete(event.path)
  }
}

it(
  'watches: a server gets its state by snapshot under its clients -> recursive watchers know all nodes, one-shot ones are told once',
  async () => {
    let summarised = 0
    await forSeeds(
      mirrors,
      { ...options, config: { resync: 'full' as const, snapCount: 100 } },
      async (ensemble) => {
        const { world } = ensemble
        ensemble.start()
        await ensemble.untilLeader(3)
        await ensemble.untilServing()
        const random = world.random.fork('changes')
        const watcher = await ensemble.connectedClient({ servers: [1] })
        const writer = await ensemble.connectedClient({ servers: [2, 3] })
        const states: string[] = []
        watcher.on('state', (state) => states.push(state))
        await world.settle(writer.create('/hot', ''))
        const mirror = new Mirror()
        const told: WatchEvent[] = []
        const persistent: WatchEvent[] = []
        await world.settle(watcher.addWatch('/', (event) => mirror.take(event), { recursive: true }))
        await world.settle(watcher.addWatch('/hot', (event) => persistent.push(event)))
        await world.settle(watcher.sync('/'))
        await world.settle(watcher.get('/hot', { watch: (event) => told.push(event) }))
        mirror.paths.add('/hot')
        for (let i = 0; i < 10; i++) await world.settle(change(writer, random))
        ensemble.isolate(1)
        const before = mirror.events.length
        let sets = 0
        for (let i = 0; i < 75; i++) {
          if (i % 3 === 0) sets += (await world.settle(writer.set('/hot', 'x'))).version > 0 ? 1 : 0
          else await world.settle(change(writer, random))
        }
        world.network.healAll()
        await ensemble.untilServing()
        await ensemble.converge()
        await world.runFor(1000)
        expect(states).toEqual([])
        const found: string[] = []
        for (const path of ['/hot', ...names])
          if ((await world.settle(watcher.exists(path))) !== null) found.push(path)
        expect([...mirror.paths].sort()).toEqual(found.sort())
        expect(told.map(({ type }) => type)).toEqual(['dataChanged'])
        expect(persistent.length).toBeGreaterThanOrEqual(1)
        const changes = mirror.events.slice(before).filter(({ path }) => path === '/hot').length
        expect(changes).toBeGreaterThanOrEqual(1)
        if (changes < sets) summarised++
      },
    )
    // Otherwise the transactions themselves have come, and nothing here was tested.
    expect(summarised).toBeGreaterThan(mirrors / 2)
  },
  scenarioTimeoutMs,
)
