import type { Ensemble } from '../processes/harness/ensemble.ts'
import type { EnsembleServer } from '../processes/harness/ensemble-server.ts'
import { until } from '../processes/harness/until.ts'

/** The server that the only client of the ensemble is connected to. */
export function serverInUse(ensemble: Ensemble): Promise<EnsembleServer> {
  return until('one server with one client', async () => {
    const counts = await Promise.all(ensemble.servers.map((server) => server.clientCount()))
    const used = ensemble.servers.filter((_server, i) => counts[i] === 1)
    return counts.reduce((sum, count) => sum + count, 0) === 1 ? used[0] : null
  })
}
