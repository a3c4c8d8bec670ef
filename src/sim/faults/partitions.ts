import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { FaultContext, FaultFamily } from './fault.ts'
import { clientHosts, serverHost, shuffled } from './targets.ts'

const cutMsMin = 50
const cutMsMax = 6_000

type Direction = 'both' | 'there'
type PartitionName =
  | 'oneWay'
  | 'isolatedServer'
  | 'isolatedLeader'
  | 'split'
  | 'bridge'
  | 'nonTransitive'
  | 'clientCut'
  | 'silentClient'

/** Cuts between servers, and between clients and servers: with resets, in silence, or in silence one way. */
export function partitions({ ensemble, passing }: FaultContext): FaultFamily<PartitionName> {
  const { network } = ensemble.world

  /** Cuts all these pairs in one manner, for one time. */
  const cut = (
    random: SeededRandom,
    pairs: readonly (readonly [string, string])[],
    direction: Direction = 'both',
  ): boolean => {
    if (pairs.length === 0) return false
    const mode = random.pick(['reset', 'blackhole'] as const)
    for (const [a, b] of pairs) {
      if (direction === 'there') network.cutOneWay(a, b)
      else network.cut(a, b, mode)
    }
    passing.last(random.between(cutMsMin, cutMsMax), () => {
      for (const [a, b] of pairs) network.heal(a, b)
    })
    return true
  }

  const isolate = (random: SeededRandom, id: number): boolean => {
    const pairs = ensemble.ids
      .filter((other) => other !== id)
      .map((other) => [serverHost(id), serverHost(other)] as const)
    const clients = random.chance(1, 3)
      ? clientHosts(ensemble).map((client) => [client, serverHost(id)] as const)
      : []
    return cut(random, [...pairs, ...clients], random.chance(1, 4) ? 'there' : 'both')
  }

  const between = (left: readonly number[], right: readonly number[]): [string, string][] =>
    left.flatMap((a) => right.map((b): [string, string] => [serverHost(a), serverHost(b)]))

  return {
    oneWay: (random) => {
      const [a, b] = shuffled(random, ensemble.ids)
      if (a === undefined || b === undefined) return false
      return cut(random, [[serverHost(a), serverHost(b)]], 'there')
    },

    isolatedServer: (random) => isolate(random, random.pick(ensemble.ids)),

    /** Its clients may still reach it: it must not answer them with what is no longer so. */
    isolatedLeader: (random) => ensemble.leader !== -1 && isolate(random, ensemble.leader),

    split: (random) => {
      const ids = shuffled(random, ensemble.ids)
      if (ids.length < 2) return false
      const size = random.between(1, ids.length - 1)
      return cut(random, between(ids.slice(0, size), ids.slice(size)))
    },

    /** Two halves that only one server sees both of. */
    bridge: (random) => {
      const [, ...others] = shuffled(random, ensemble.ids)
      const half = others.length >> 1
      return cut(random, between(others.slice(0, half), others.slice(half)))
    },

    /** Each pair for itself: who sees whom follows no rule. */
    nonTransitive: (random) => {
      const pairs = ensemble.ids.flatMap((a) =>
        ensemble.ids.filter((b) => b > a && random.chance(1, 2)).map((b) => [a, b] as const),
      )
      return cut(
        random,
        pairs.map(([a, b]) =>
          random.chance(1, 2) ? [serverHost(a), serverHost(b)] : [serverHost(b), serverHost(a)],
        ),
        random.pick(['both', 'there']),
      )
    },

    clientCut: (random) => {
      const clients = clientHosts(ensemble)
      if (clients.length === 0) return false
      const servers = ensemble.ids.filter(() => random.chance(1, 2))
      const client = random.pick(clients)
      return cut(
        random,
        servers.map((id) => (random.chance(1, 2) ? [client, serverHost(id)] : [serverHost(id), client])),
        random.chance(1, 4) ? 'there' : 'both',
      )
    },

    /** Some clients reach no server, for less than their sessions last or for longer. */
    silentClient: (random) => {
      const clients = clientHosts(ensemble).filter(() => random.chance(1, 2))
      return cut(
        random,
        clients.flatMap((client) => ensemble.ids.map((id) => [client, serverHost(id)] as const)),
      )
    },
  }
}
