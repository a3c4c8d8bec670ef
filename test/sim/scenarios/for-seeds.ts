import { SimEnsemble, type SimEnsembleOptions } from '../../../src/sim/sim-ensemble.ts'

/** Whole ensembles, dozens of them with `DEPTH=full`, take their time on a busy machine. */
export const scenarioTimeoutMs = 300_000

/** Runs a scenario once for each seed, from 1 on; a failure names the seed, which repeats it. */
export async function forSeeds(
  count: number,
  options: Omit<SimEnsembleOptions, 'seed'>,
  scenario: (ensemble: SimEnsemble, seed: number) => Promise<void>,
): Promise<void> {
  for (let seed = 1; seed <= count; seed++) {
    const ensemble = new SimEnsemble({ ...options, seed })
    try {
      await scenario(ensemble, seed)
    } catch (error) {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
      throw new Error(`seed ${seed}, at ${ensemble.world.nowMs} ms: ${reason}`)
    }
  }
}
