import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { FaultContext, FaultFamily } from './fault.ts'

/** Clocks gain or lose at most this much, in thousandths: who checks times of servers must grant it. */
export const driftPerMilleMax = 40

type ClockName = 'clockJumpForward' | 'clockJumpBackward' | 'clockDrift'

/** Wall clocks that are set, and clocks that run fast or slow. Nothing that waits may look at the former. */
export function clocks({ ensemble, passing }: FaultContext): FaultFamily<ClockName> {
  const jump = (random: SeededRandom, sign: number): boolean => {
    const host = ensemble.host(random.pick(ensemble.ids))
    host.jumpWallClock(sign * random.between(1, random.pick([100, 30_000, 3_600_000, 40 * 86_400_000])))
    return true
  }
  return {
    clockJumpForward: (random) => jump(random, 1),
    clockJumpBackward: (random) => jump(random, -1),
    clockDrift: (random) => {
      const host = ensemble.host(random.pick(ensemble.ids))
      if (host.clockRate !== 1) return false
      const perMille = random.between(-driftPerMilleMax, driftPerMilleMax)
      host.clockRate = 1 + perMille / 1000
      host.note('clock drifts, per mille', '', perMille)
      passing.last(random.between(1_000, 20_000), () => {
        host.clockRate = 1
        host.note('clock runs right')
      })
      return true
    },
  }
}
