import type { ServerView } from './server-view.ts'

/** The settings that the server runs with. */
export async function conf(view: ServerView): Promise<string> {
  const { config } = view
  const dataBytes = await view.dataBytes()
  const lines = [
    `clientPort=${config.clientPort}`,
    'secureClientPort=-1',
    `dataDir=${config.serverDir}`,
    `dataDirSize=${dataBytes}`,
    `dataLogDir=${config.serverDir}`,
    `dataLogSize=${dataBytes}`,
    `tickTime=${config.tickTimeMs}`,
    `maxClientCnxns=${config.maxClientCnxns}`,
    `minSessionTimeout=${config.minSessionTimeoutMs}`,
    `maxSessionTimeout=${config.maxSessionTimeoutMs}`,
    'clientPortListenBacklog=-1',
    `serverId=${config.serverId}`,
  ]
  if (config.standalone) return `${lines.join('\n')}\n`
  const own = config.servers.find((server) => server.id === config.serverId)
  lines.push(
    `initLimit=${config.initLimitTicks}`,
    `syncLimit=${config.syncLimitTicks}`,
    // The only number that ZooKeeper still has.
    'electionAlg=3',
    `electionPort=${own?.peerPort ?? 0}`,
    `quorumPort=${own?.leaderPort ?? 0}`,
    'peerType=0',
    'membership: ',
    config.membership,
  )
  return lines.join('\n')
}
