import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { FaultContext, FaultFamily } from './fault.ts'
import { pickUp } from './targets.ts'

type StarvationName = 'freeze' | 'freezeLeader' | 'slowServer' | 'overloadedLeader'

/** Processes that get no processor, or too little of one: everything reaches them, and they answer late. */
export function starvation({ ensemble, passing }: FaultContext): FaultFamily<StarvationName> {
  const freeze = (random: SeededRandom, id: number): boolean => {
    const host = ensemble.host(id)
    if (!host.up || host.frozen) return false
    host.freeze()
    // Below and above what counts as the failure of a peer, and what a leader may be without a quorum.
    passing.last(random.between(1, random.pick([200, 1_200, 4_000])), () => host.thaw())
    return true
  }

  const slow = (random: SeededRandom, id: number): boolean => {
    const host = ensemble.host(id)
    if (host.cpuUsPerEvent > 0) return false
    host.cpuUsPerEvent = random.pick([300, 1_500, 6_000, 20_000])
    host.note('slow processor', '', host.cpuUsPerEvent)
    passing.last(random.between(100, 4_000), () => {
      host.cpuUsPerEvent = 0
      host.note('usual processor')
    })
    return true
  }

  const up = (random: SeededRandom, strike: (random: SeededRandom, id: number) => boolean): boolean => {
    const id = pickUp(ensemble, random)
    return id !== null && strike(random, id)
  }

  return {
    freeze: (random) => up(random, freeze),
    freezeLeader: (random) => ensemble.leader !== -1 && freeze(random, ensemble.leader),
    slowServer: (random) => up(random, slow),
    overloadedLeader: (random) => ensemble.leader !== -1 && slow(random, ensemble.leader),
  }
}
