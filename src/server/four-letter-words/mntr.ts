import { versionLine } from '../version.ts'
import { javaDouble, type ServerView } from './server-view.ts'

/** Figures for monitoring: a key, a tab, a value per line, by ZooKeeper's names. */
export function mntr(view: ServerView): string {
  const { metrics, state, watches, connections, inFlight, config } = view
  const mode = view.mode()
  const replica = view.replica()
  const values: [string, string | number][] = [
    ['version', versionLine],
    ['server_state', mode ?? 'null'],
  ]
  if (!config.standalone)
    values.push(['peer_state', mode === 'leader' ? 'leading - broadcast' : 'following - broadcast'])
  values.push(
    ['avg_latency', javaDouble(metrics.latencyMs.average)],
    ['max_latency', Math.round(metrics.latencyMs.max)],
    ['min_latency', Math.round(metrics.latencyMs.min)],
    ['packets_received', metrics.packetsReceived],
    ['packets_sent', metrics.packetsSent],
    ['num_alive_connections', connections.size],
    ['outstanding_requests', inFlight.count],
    ['uptime', Math.round(view.uptimeMs())],
    ['znode_count', state.tree.nodeCount],
    ['watch_count', watches.size],
    ['ephemerals_count', state.tree.ephemeralCount],
    ['approximate_data_size', state.tree.approximateDataBytes],
    ['global_sessions', state.sessions.size],
    ['local_sessions', 0],
    ['connection_drop_probability', javaDouble(0)],
    ['last_client_response_size', metrics.lastResponseBytes],
    ['max_client_response_size', metrics.responseBytes.count === 0 ? -1 : metrics.responseBytes.max],
    ['min_client_response_size', metrics.responseBytes.count === 0 ? -1 : metrics.responseBytes.min],
    ['auth_failed_count', metrics.authFailures],
  )
  if (!config.standalone) values.push(['quorum_size', replica.quorumSize])
  if (mode === 'leader') {
    const { last, min, max } = replica.proposalBytes
    values.push(
      ['learners', replica.followers],
      ['synced_followers', replica.syncedFollowers],
      ['synced_non_voting_followers', 0],
      ['synced_observers', 0],
      ['leader_uptime', Math.round(view.leaderUptimeMs())],
      ['last_proposal_size', last],
      ['max_proposal_size', max],
      ['min_proposal_size', min],
    )
  }
  values.push(
    ['connection_request_count', metrics.connectionsAccepted],
    ['connection_rejected', metrics.connectionsRejected],
    ['connection_drop_count', metrics.connectionsClosed],
    ['bytes_received_count', metrics.bytesReceived],
    ['response_bytes', metrics.bytesSent],
    ['sessionless_connections_expired', metrics.sessionlessClosed],
    ['stale_sessions_expired', metrics.sessionsExpired],
    // What ZooKeeper has no name for.
    ['malformed_frames', metrics.malformedFrames],
    ['slow_readers_closed', metrics.slowReadersClosed],
    ['handshakes_ahead', metrics.handshakesAhead],
    ['unimplemented_requests', metrics.unimplementedRequests],
    ['undecodable_requests', metrics.undecodableRequests],
    ['watch_events', metrics.watchEvents],
    ['refused_peer_connections', replica.refusedConnections],
  )
  return `${values.map(([key, value]) => `zk_${key}\t${value}`).join('\n')}\n`
}
