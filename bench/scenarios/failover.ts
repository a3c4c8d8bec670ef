import { longestGapMs } from '../clients/gap.ts'
import { alternate, lineOf, type Scenario, startSeconds, withEnsembles } from './scenario.ts'

export const failover: Scenario = {
  name: 'failover',
  describe: 'the longest stop of writes when the leader is killed',
  isDefault: true,
  secondsAbout: ({ rounds }, kinds) => kinds * (startSeconds + rounds * 9),
  run: (bench) =>
    withEnsembles(bench, {}, async (ensembleOf) => {
      const samples = await alternate(bench, 'failover', bench.settings.rounds, async (kind) => {
        const ensemble = ensembleOf(kind)
        const leader = await ensemble.settled()
        const gapMs = await longestGapMs(ensemble.addresses, () => leader.kill())
        ensemble.startAll()
        return { gapMs }
      })
      return [lineOf('failover', samples, 'gapMs', 'writes stop', 'ms', { of: 'figure', atMost: 50 })]
    }),
}
