import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { FaultContext, FaultFamily } from './fault.ts'
import { idsUp, pickUp } from './targets.ts'

/** A start takes some dozens of await points, a write a handful. */
const recoveryPointsMax = 80

type CrashName = 'powerLoss' | 'kill' | 'crashAtAwaitPoint' | 'crashInRecovery' | 'crashAll'

const how = (random: SeededRandom): 'power' | 'process' => random.pick(['power', 'power', 'process'])

/** Few for the next step, many for something far away: all orders of magnitude are drawn alike. */
const drawPoints = (random: SeededRandom): number => random.between(1, random.pick([4, 20, 100, 1_000]))

/**
 * Crashes; the caretaker restarts what they leave. With the power goes what was not synced: each write and each name on its own may
 * survive, whole, torn, or in some of its sectors.
 */
export function crashes({ ensemble, caretaker }: FaultContext): FaultFamily<CrashName> {
  const crash = (random: SeededRandom, manner: 'power' | 'process'): boolean => {
    const id = pickUp(ensemble, random)
    // With a majority down nothing happens that later faults could meet.
    const downMax = Math.floor((ensemble.ids.length - 1) / 2)
    const fewUp = ensemble.ids.length - idsUp(ensemble).length >= downMax
    if (id === null || (fewUp && random.chance(3, 4))) return false
    ensemble.crash(id, manner)
    return true
  }

  /** Crashes it in its next start, and perhaps in those that follow. */
  const crashWhenStarting = (random: SeededRandom, id: number, times: number): void => {
    caretaker.onNextStart(id, () => {
      const host = ensemble.host(id)
      host.crashAtAwaitPoint(random.between(1, recoveryPointsMax), how(random))
      if (times > 1) crashWhenStarting(random, id, times - 1)
    })
  }

  return {
    powerLoss: (random) => crash(random, 'power'),

    kill: (random) => crash(random, 'process'),

    crashAtAwaitPoint: (random) => {
      const leads = ensemble.leader
      const id = leads !== -1 && random.chance(1, 3) ? leads : pickUp(ensemble, random)
      if (id === null) return false
      ensemble.host(id).crashAtAwaitPoint(drawPoints(random), how(random))
      return true
    },

    crashInRecovery: (random) => {
      const id = random.pick(ensemble.ids)
      if (ensemble.host(id).up) ensemble.crash(id, how(random))
      caretaker.bringBackIn(id, random.below(500))
      crashWhenStarting(random, id, random.between(1, 3))
      return true
    },

    crashAll: (random) => {
      const manner = how(random)
      for (const id of idsUp(ensemble)) ensemble.crash(id, manner)
      const togetherMs = random.below(500)
      if (random.chance(1, 2)) for (const id of ensemble.ids) caretaker.bringBackIn(id, togetherMs)
      return true
    },
  }
}
