import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { FaultContext, FaultFamily } from './fault.ts'
import { idsUp, pickUp, shuffled } from './targets.ts'

/** Who restarts one server after the other does not wait for ever. */
const patienceMs = 8_000
const lookMs = 50

/** What operators do on purpose, under load. */
export function restarts({
  ensemble,
  passing,
  caretaker,
}: FaultContext): FaultFamily<'rollingRestart' | 'handOver'> {
  const { world } = ensemble
  let rolling = false

  const stopInOrder = (id: number, downMs: number): void => {
    caretaker.bringBackIn(id, Number.POSITIVE_INFINITY)
    void ensemble.beginStop(id).then(() => caretaker.bringBackIn(id, downMs))
  }

  /** Stops and starts the first, waits until it serves, and goes on with the others. */
  const roll = (random: SeededRandom, ids: readonly number[]): void => {
    const [id, ...others] = ids
    if (id === undefined || !rolling) {
      rolling = false
      return
    }
    const { life } = ensemble.host(id)
    if (ensemble.running.includes(id)) stopInOrder(id, random.below(300))
    const deadlineMs = world.nowMs + patienceMs
    const look = (): void => {
      const back = ensemble.host(id).life > life && ensemble.serves(id)
      if (rolling && !back && world.nowMs < deadlineMs) world.at(world.nowMs + lookMs, look)
      else roll(random, others)
    }
    look()
  }

  return {
    rollingRestart: (random) => {
      if (rolling) return false
      rolling = true
      passing.last(patienceMs * ensemble.ids.length, () => {
        rolling = false
      })
      roll(random, shuffled(random, ensemble.ids))
      return true
    },

    /** The highest id leads, goes, and comes back for its crown; often something breaks while it is handed over. */
    handOver: (random) => {
      const highest = Math.max(...ensemble.ids)
      if (!ensemble.serves(highest) || idsUp(ensemble).length < 3) return false
      const downMs = random.between(300, 1_500)
      if (random.chance(1, 2)) stopInOrder(highest, downMs)
      else {
        ensemble.crash(highest, random.pick(['power', 'process']))
        caretaker.bringBackIn(highest, downMs)
      }
      if (random.chance(1, 3)) return true
      const afterMs = random.between(1, 400)
      const points = random.between(1, 60)
      caretaker.onNextStart(highest, () => {
        world.at(world.nowMs + afterMs, () => {
          const victim = ensemble.leader === -1 ? pickUp(ensemble, random) : ensemble.leader
          const id = random.chance(1, 2) ? highest : victim
          if (id !== null && ensemble.host(id).up) ensemble.host(id).crashAtAwaitPoint(points)
        })
      })
      return true
    },
  }
}
