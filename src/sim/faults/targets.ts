import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { SimEnsemble } from '../sim-ensemble.ts'

/** The name of the host of a server. */
export const serverHost = (id: number): string => `s${id}`

/** Names of the hosts on which clients run, in the order in which they were made. */
export function clientHosts(ensemble: SimEnsemble): string[] {
  const servers = new Set(ensemble.ids.map(serverHost))
  return [...ensemble.world.hosts].map((host) => host.name).filter((name) => !servers.has(name))
}

/** The ids of servers whose processes are there. */
export const idsUp = (ensemble: SimEnsemble): number[] => ensemble.ids.filter((id) => ensemble.host(id).up)

/** One of the servers whose processes are there; null when none is. */
export function pickUp(ensemble: SimEnsemble, random: SeededRandom): number | null {
  const up = idsUp(ensemble)
  return up.length === 0 ? null : random.pick(up)
}

/** In an order drawn from `random`. */
export function shuffled<T>(random: SeededRandom, from: readonly T[]): T[] {
  const left = [...from]
  const drawn: T[] = []
  while (left.length > 0) drawn.push(...left.splice(random.below(left.length), 1))
  return drawn
}
