import { OpCode } from '../../wire/opcodes.ts'
import { versionLine } from '../version.ts'
import { javaDouble } from './java-text.ts'
import type { ServerView } from './server-view.ts'

type Figure = readonly [key: string, value: string | number]

/**
 * Figures for monitoring: a key, a tab, a value per line, by ZooKeeper's names. A figure that this server does not have is
 * left out rather than said to be 0.
 */
export function mntr(view: ServerView): string {
  const figures = [
    ...texts(view),
    ...gauges(view),
    ...ensembleGauges(view),
    ...counters(view),
    ...summaries(view),
  ]
  return figures.map(([key, value]) => `zk_${key}\t${value}\n`).join('')
}

function texts(view: ServerView): Figure[] {
  const mode = view.mode()
  const figures: Figure[] = [
    ['version', versionLine],
    ['server_state', mode ?? 'null'],
  ]
  if (!view.config.standalone) {
    figures.push(['peer_state', mode === 'leader' ? 'leading - broadcast' : 'following - broadcast'])
  }
  return figures
}

function gauges(view: ServerView): Figure[] {
  const { metrics, state, watches, connections, inFlight } = view
  const { responseBytes } = metrics
  const descriptors = view.environment.fileDescriptors()
  return [
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
    ...(descriptors === null
      ? []
      : ([
          ['open_file_descriptor_count', descriptors.open],
          ['max_file_descriptor_count', descriptors.max],
        ] as const)),
    ['connection_drop_probability', javaDouble(0)],
    ['last_client_response_size', metrics.lastResponseBytes],
    ['max_client_response_size', responseBytes.count === 0 ? -1 : responseBytes.max],
    ['min_client_response_size', responseBytes.count === 0 ? -1 : responseBytes.min],
    ['outstanding_tls_handshake', 0],
    ['auth_failed_count', metrics.authFailures],
  ]
}

function ensembleGauges(view: ServerView): Figure[] {
  if (view.config.standalone) return []
  const replica = view.replica()
  const figures: Figure[] = [['quorum_size', replica.quorumSize]]
  if (view.mode() !== 'leader') return figures
  const { last, min, max } = replica.proposalBytes
  return [
    ...figures,
    ['synced_observers', 0],
    ['learners', replica.followers],
    ['synced_followers', replica.syncedFollowers],
    ['synced_non_voting_followers', 0],
    ['leader_uptime', Math.round(view.leaderUptimeMs())],
    ['last_proposal_size', last],
    ['max_proposal_size', max],
    ['min_proposal_size', min],
  ]
}

function counters(view: ServerView): Figure[] {
  const { metrics } = view
  const { operations } = metrics
  return [
    ['connection_request_count', metrics.connectionsAccepted],
    ['connection_rejected', metrics.connectionsRejected],
    ['connection_drop_count', metrics.connectionsClosed],
    ['bytes_received_count', metrics.bytesReceived],
    ['response_bytes', metrics.bytesSent],
    ['sessionless_connections_expired', metrics.sessionlessClosed],
    ['stale_sessions_expired', metrics.sessionsExpired],
    ['op_count_total', operations.total],
    ...operationNames.map(([name, ...opcodes]) => [`op_count_${name}`, operations.of(...opcodes)] as const),
    // What ZooKeeper has no name for.
    ['malformed_frames', metrics.malformedFrames],
    ['slow_readers_closed', metrics.slowReadersClosed],
    ['handshakes_ahead', metrics.handshakesAhead],
    ['unimplemented_requests', metrics.unimplementedRequests],
    ['undecodable_requests', metrics.undecodableRequests],
    ['watch_events', metrics.watchEvents],
    ['refused_peer_connections', view.replica().refusedConnections],
  ]
}

function summaries({ metrics }: ServerView): Figure[] {
  const { updateLatencyMs, updateLatencies } = metrics
  return [
    ['avg_updatelatency', javaDouble(updateLatencyMs.average)],
    ['min_updatelatency', Math.round(updateLatencyMs.min)],
    ['max_updatelatency', Math.round(updateLatencyMs.max)],
    ['cnt_updatelatency', updateLatencyMs.count],
    ['sum_updatelatency', Math.round(updateLatencyMs.sum)],
    ['p50_updatelatency', updateLatencies.percentile(0.5)],
    ['p95_updatelatency', updateLatencies.percentile(0.95)],
    ['p99_updatelatency', updateLatencies.percentile(0.99)],
    ['p999_updatelatency', updateLatencies.percentile(0.999)],
  ]
}

/** Variants of one operation count as one. */
const operationNames: readonly (readonly [name: string, ...opcodes: number[]])[] = [
  ['add_watch', OpCode.addWatch],
  ['check', OpCode.check],
  ['check_watches', OpCode.checkWatches],
  ['close_session', OpCode.closeSession],
  ['create', OpCode.create, OpCode.create2, OpCode.createContainer, OpCode.createTtl],
  ['create_session', OpCode.createSession],
  ['delete', OpCode.delete],
  ['exists', OpCode.exists],
  ['get_acl', OpCode.getAcl],
  ['get_all_children_number', OpCode.getAllChildrenNumber],
  ['get_children', OpCode.getChildren, OpCode.getChildren2],
  ['get_data', OpCode.getData],
  ['get_ephemerals', OpCode.getEphemerals],
  ['multi', OpCode.multi],
  ['multi_read', OpCode.multiRead],
  ['ping', OpCode.ping],
  ['reconfig', OpCode.reconfig],
  ['remove_watches', OpCode.removeWatches],
  ['set_acl', OpCode.setAcl],
  ['set_data', OpCode.setData],
  ['set_watches', OpCode.setWatches, OpCode.setWatches2],
  ['sync', OpCode.sync],
  ['who_am_i', OpCode.whoAmI],
]
