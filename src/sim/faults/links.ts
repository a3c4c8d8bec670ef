import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { FaultContext, FaultFamily } from './fault.ts'
import { clientHosts, serverHost, shuffled } from './targets.ts'

/**
 * Delays and resets. Each piece of data draws its own delay, so connections overtake each other; within one connection nothing
 * does.
 */
export function links({ ensemble, passing }: FaultContext): FaultFamily<'jitter' | 'slowLink' | 'reset'> {
  const { network } = ensemble.world
  const usual = {
    minMs: network.options.delayMinUs / 1000,
    maxMs: network.options.delayMaxUs / 1000,
  }

  const delay = (
    pairs: readonly (readonly [string, string])[],
    delayMs: { minMs: number; maxMs: number },
    durationMs: number,
  ): void => {
    for (const [a, b] of pairs) network.setDelay(a, b, delayMs)
    passing.last(durationMs, () => {
      for (const [a, b] of pairs) network.setDelay(a, b, usual)
    })
  }

  const pairs = (): (readonly [string, string])[] =>
    ensemble.ids.flatMap((a) =>
      ensemble.ids.filter((b) => b > a).map((b) => [serverHost(a), serverHost(b)] as const),
    )

  /** A server and whoever else: another server or a client. */
  const pickPair = (random: SeededRandom): readonly [string, string] | null => {
    const [a, b] = shuffled(random, ensemble.ids)
    const clients = clientHosts(ensemble)
    if (a === undefined) return null
    if (clients.length > 0 && random.chance(1, 2)) return [random.pick(clients), serverHost(a)]
    return b === undefined ? null : [serverHost(a), serverHost(b)]
  }

  return {
    jitter: (random) => {
      const all = pairs()
      if (all.length === 0) return false
      delay(all, { minMs: 0, maxMs: random.pick([10, 50, 200, 600]) }, random.between(200, 5_000))
      return true
    },

    slowLink: (random) => {
      const pair = pickPair(random)
      if (pair === null) return false
      const minMs = random.pick([20, 100, 400, 1_200])
      delay([pair], { minMs, maxMs: minMs * 2 }, random.between(200, 6_000))
      return true
    },

    reset: (random) => {
      const pair = pickPair(random)
      if (pair === null) return false
      network.resetConnections(...pair)
      return true
    },
  }
}
