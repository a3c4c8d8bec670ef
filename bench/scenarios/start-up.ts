import { firstWriteMs } from '../clients/first-write.ts'
import { BenchEnsemble } from '../ensembles/bench-ensemble.ts'
import { alternate, lineOf, type Scenario } from './scenario.ts'

export const startUp: Scenario = {
  name: 'start-up',
  describe: 'from starting three processes on empty disks to the first acknowledged write',
  isDefault: true,
  secondsAbout: ({ rounds }, kinds) => kinds * rounds * 4,
  async run(bench) {
    const samples = await alternate(bench, 'start-up', bench.settings.rounds, async (kind) => {
      const ensemble = await BenchEnsemble.prepare(kind)
      try {
        ensemble.startAll()
        return { firstMs: await firstWriteMs(ensemble.addresses) }
      } finally {
        await ensemble.end()
      }
    })
    return [lineOf('start-up', samples, 'firstMs', 'first write', 'ms', { of: 'figure', atMost: 500 })]
  },
}
