import type { SeededRandom } from '../../../src/runtime/seeded-random.ts'
import type { Weather } from '../network/direction.ts'
import { clientsMachine } from '../network/network.ts'
import { draw, type Fault, type FaultScene, victim } from './fault.ts'

const partitionMs = [300, 4000] as const

/** Weather between pairs, in both directions or only from the first to the second; fair again when it has passed. */
async function spell(
  scene: FaultScene,
  what: string,
  ways: readonly (readonly [from: number, to: number])[],
  weather: Partial<Weather>,
): Promise<void> {
  const { network } = scene.ensemble
  scene.note(what)
  for (const [from, to] of ways) network.set(from, to, weather)
  await scene.pause(...partitionMs)
  scene.note(`over: ${what}`)
  network.heal()
}

const both = (one: number, other: number): [number, number][] => [
  [one, other],
  [other, one],
]
const between = (some: readonly number[], others: readonly number[]): [number, number][] =>
  some.flatMap((one) => others.flatMap((other) => both(one, other)))
const without = (ids: readonly number[], id: number): number[] => ids.filter((other) => other !== id)

function bandwidth(random: SeededRandom): number {
  return random.pick([4_000, 20_000, 100_000])
}

const blocked: Partial<Weather> = { blocked: true }

/** What every network does to its packets now and then. */
export const partitions: readonly Fault[] = [
  {
    name: 'server cut off from servers',
    weight: 4,
    async run(scene) {
      const { id } = await victim(scene)
      const others = without(scene.ensemble.ids, id)
      await spell(scene, `server ${id} is cut off from the other servers`, between([id], others), blocked)
    },
  },
  {
    name: 'server cut off from all',
    weight: 2,
    async run(scene) {
      const { id } = await victim(scene)
      const others = [clientsMachine, ...without(scene.ensemble.ids, id)]
      await spell(scene, `server ${id} is cut off from everybody`, between([id], others), blocked)
    },
  },
  {
    name: 'one-way partition',
    weight: 4,
    async run(scene) {
      const { id } = await victim(scene)
      const others = without(scene.ensemble.ids, id)
      if (scene.random.chance(1, 2)) {
        const ways = others.map((other) => [id, other] as const)
        await spell(scene, `server ${id} hears the other servers, but they do not hear it`, ways, blocked)
      } else {
        const ways = others.map((other) => [other, id] as const)
        await spell(scene, `the other servers hear server ${id}, but it does not hear them`, ways, blocked)
      }
    },
  },
  {
    name: 'split in two',
    weight: 2,
    async run(scene) {
      const { ids } = scene.ensemble
      const some = draw(scene.random, ids, Math.floor(ids.length / 2))
      const others = ids.filter((id) => !some.includes(id))
      await spell(scene, `split: ${some.join(', ')} | ${others.join(', ')}`, between(some, others), blocked)
    },
  },
  {
    name: 'bridge',
    weight: 2,
    async run(scene) {
      const [bridge = 0, ...rest] = draw(scene.random, scene.ensemble.ids, scene.ensemble.ids.length)
      const half = Math.floor(rest.length / 2)
      const what = `bridge: only server ${bridge} reaches all others`
      await spell(scene, what, between(rest.slice(0, half), rest.slice(half)), blocked)
    },
  },
  {
    name: 'clients cut off from a server',
    weight: 2,
    async run(scene) {
      const { id } = await victim(scene)
      await spell(scene, `clients do not reach server ${id}`, between([clientsMachine], [id]), blocked)
    },
  },
]

/** What takes a network that can be shaped. */
export const shapings: readonly Fault[] = [
  {
    name: 'delays',
    weight: 3,
    async run(scene) {
      const { ids } = scene.ensemble
      const weather = { delayMs: scene.random.between(1, 150), jitterMs: scene.random.between(0, 150) }
      const what = `messages are late by ${weather.delayMs} ms, and by up to ${weather.jitterMs} ms more`
      const machines = [clientsMachine, ...ids]
      await spell(
        scene,
        what,
        between(machines, machines).filter(([a, b]) => a !== b),
        weather,
      )
    },
  },
  {
    name: 'slow links',
    weight: 2,
    async run(scene) {
      const { id } = await victim(scene)
      const bytesPerSecond = bandwidth(scene.random)
      const others = without(scene.ensemble.ids, id)
      const what = `the links of server ${id} pass ${bytesPerSecond} bytes a second`
      await spell(scene, what, between([id], others), { bytesPerSecond })
    },
  },
  {
    name: 'connection resets',
    weight: 3,
    async run(scene) {
      const { ensemble, random } = scene
      const { id } = await victim(scene)
      const others = random.chance(1, 2) ? [clientsMachine] : without(ensemble.ids, id)
      let count = 0
      for (const other of others) count += ensemble.network.reset(id, other)
      const whom = others.length === 1 && others[0] === clientsMachine ? 'clients' : 'the other servers'
      scene.note(`${count} connections of server ${id} with ${whom} are reset`)
      await scene.pause(0, 500)
    },
  },
]
