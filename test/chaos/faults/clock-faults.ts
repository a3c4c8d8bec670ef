import type { Fault } from './fault.ts'
import { victim } from './fault.ts'

const hourMs = 3_600_000
/** Drift beyond this would change what a session timeout means to a client. */
const driftMax = 0.01

/** Clocks that are not what they should be. They stay so until the next one of these faults. */
export const clockFaults: readonly Fault[] = [
  {
    name: 'wall clock jumps',
    weight: 2,
    async run(scene) {
      const { ensemble, random } = scene
      const { id } = await victim(scene)
      const wallOffsetMs = random.between(-hourMs, hourMs)
      scene.note(`the wall clock of server ${id} is set ${wallOffsetMs} ms off`)
      await ensemble.setClock(id, { ...ensemble.clock(id), wallOffsetMs })
      await scene.pause(500, 3000)
    },
  },
  {
    name: 'clock drift',
    weight: 1,
    async run(scene) {
      const { ensemble, random } = scene
      const { id } = await victim(scene)
      const rate = 1 + (driftMax * (random.below(201) - 100)) / 100
      scene.note(`the clocks of server ${id} run at ${rate.toFixed(4)} of their speed`)
      await ensemble.setClock(id, { ...ensemble.clock(id), rate })
      await scene.pause(500, 3000)
    },
  },
]
