import { describe, expect, test } from 'vitest'
import { calm } from './model/calm.ts'
import type { ServerState } from './model/state.ts'
import { World } from './model/world.ts'
import { everyPermutation, type Permutation, renameServer } from './rename.ts'
import { printOfServer, signatureOf } from './state-print.ts'

/** In the middle of everything: `one` leads, `three` wants to, proposals and promises are on their way. */
function busyWorld(one: number, two: number, three: number): World {
  const world = new World(3)
  world.stand(one)
  world.join(two, one)
  world.join(three, one)
  calm(world)
  world.propose(one)
  world.deliverDown(one)
  world.write(one)
  world.deliverDown(two)
  world.stand(three)
  world.join(two, three)
  world.deliverUp(three, three)
  world.deliverUp(three, two)
  world.deliverDown(two)
  world.deliverDown(three)
  return world
}

const printed = (server: ServerState): string => {
  const { a, b } = printOfServer(server)
  return `${server.id} ${a} ${b}`
}

const by = (to: number[]): Permutation =>
  everyPermutation(3).find((one) => one.to.join() === [0, ...to].join()) as Permutation

describe('other ids', () => {
  test('three servers -> six ways to call them, each with its way back', () => {
    const all = everyPermutation(3)
    expect(new Set(all.map(({ to }) => to.join())).size).toBe(6)
    for (const { to, inverse } of all) expect(to.map((id) => inverse[id])).toEqual([0, 1, 2, 3])
  })

  test('there and back -> the same server, with the same signature all the way', () => {
    for (const server of busyWorld(1, 2, 3).servers) {
      for (const permutation of everyPermutation(3)) {
        const renamed = renameServer(server, permutation)
        expect(signatureOf(renamed)).toBe(signatureOf(server))
        const back = renameServer(renamed, by(permutation.inverse.slice(1)))
        expect(printed(back)).toBe(printed(server))
        if (permutation.to[server.id] !== server.id) expect(printed(renamed)).not.toBe(printed(server))
      }
    }
  })

  test('the same events at servers with other ids -> the same servers, called so', () => {
    const world = busyWorld(1, 2, 3)
    expect(world.canPropose(1)).toBe(true)
    expect(world.look(2).writes.length).toBeGreaterThan(0)
    for (const permutation of everyPermutation(3)) {
      const [one = 0, two = 0, three = 0] = permutation.to.slice(1)
      const other = busyWorld(one, two, three)
      for (const server of world.servers) {
        const renamed = renameServer(server, permutation)
        expect(printed(renamed)).toBe(printed(other.look(renamed.id)))
      }
    }
  })
})
