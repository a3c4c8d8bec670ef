import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { ServerConfig } from '../../server/config/server-config.ts'
import { describeMembership, type ServerAddress } from '../../server/config/server-config.ts'
import type { FaultContext, FaultFamily } from './fault.ts'
import { shuffled } from './targets.ts'

type ConfigName = 'lackingConfig' | 'wrongPort' | 'wrongId'

/**
 * Servers that are started with a file that is not for them. One at a time: two with the same old file would be an ensemble of
 * their own, which no server can tell from the right one.
 */
export function configs({ ensemble, passing, judge, caretaker }: FaultContext): FaultFamily<ConfigName> {
  let misled: number | null = null

  /** Starts the server anew with a changed configuration, and later once more with the right one. */
  const mislead = (
    random: SeededRandom,
    id: number,
    what: string,
    change: (shared: ServerConfig) => ServerConfig,
  ): void => {
    misled = id
    const host = ensemble.host(id)
    const startAnew = (): void => {
      if (host.up) ensemble.crash(id, 'process')
      caretaker.bringBackIn(id, random.below(200))
    }
    host.note('misled', what)
    ensemble.configure(id, change)
    judge.onMisdirected(id, true)
    startAnew()
    passing.last(random.between(300, 6_000), () => {
      misled = null
      host.note('right configuration')
      ensemble.configure(id, null)
      judge.onMisdirected(id, false)
      startAnew()
    })
  }

  /** Two different servers, the first of which is to be misled; null when there are none. */
  const pickTwo = (random: SeededRandom): { id: number; other: number } | null => {
    const [id, other] = shuffled(random, ensemble.ids)
    return misled !== null || id === undefined || other === undefined ? null : { id, other }
  }

  return {
    lackingConfig: (random) => {
      const two = pickTwo(random)
      if (two === null) return false
      const { id, other } = two
      mislead(random, id, `its file lacks server ${other}`, (shared) =>
        withServers(
          shared,
          shared.servers.filter((server) => server.id !== other),
        ),
      )
      return true
    },

    wrongPort: (random) => {
      const two = pickTwo(random)
      if (two === null) return false
      const { id } = two
      const of = random.pick([id, two.other])
      const port = random.pick(['peerPort', 'leaderPort'] as const)
      const found = random.pick(['another', 'exchanged'] as const)
      mislead(random, id, `its file has ${port} of server ${of} wrong: ${found}`, (shared) =>
        withServers(
          shared,
          shared.servers.map((server) => {
            if (server.id !== of) return server
            if (found === 'another') return { ...server, [port]: server[port] + 7 }
            return { ...server, peerPort: server.leaderPort, leaderPort: server.peerPort }
          }),
        ),
      )
      return true
    },

    /** Either on its own data, which tells, or beside it, where only the address tells. */
    wrongId: (random) => {
      const two = pickTwo(random)
      if (two === null) return false
      const { id, other } = two
      const ownData = random.chance(1, 2)
      // With an empty folder there is nothing to tell by yet: it would become that of the other server.
      if (ownData && !ensemble.host(id).disk.durableFiles().includes(`/data/${id}/state`)) return false
      mislead(random, id, `started as server ${other}${ownData ? ', on its own data' : ''}`, (shared) => ({
        ...shared,
        serverId: other,
        serverDir: ownData ? shared.serverDir : `/data/${other}`,
      }))
      return true
    },
  }
}

function withServers(config: ServerConfig, servers: readonly ServerAddress[]): ServerConfig {
  return { ...config, servers, membership: describeMembership(servers) }
}
