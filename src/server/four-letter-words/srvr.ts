import { formatZxid } from '../../tree/zxid.ts'
import { versionLine } from '../version.ts'
import { shortLine } from './cons.ts'
import { javaDouble } from './java-text.ts'
import { firstOf, type ServerView } from './server-view.ts'

/** The state of the server in ten lines. */
export function srvr(view: ServerView): string {
  return `Zookeeper version: ${versionLine}\n${standing(view)}`
}

/** As `srvr`, with its connections. */
export function* stat(view: ServerView): Generator<string> {
  yield `Zookeeper version: ${versionLine}\nClients:\n`
  for (const connection of firstOf(view.connections, view.connections.size)) {
    yield `${shortLine(connection)})\n`
  }
  yield `\n${standing(view)}`
}

function standing(view: ServerView): string {
  const { metrics, state, connections, inFlight } = view
  const { latencyMs } = metrics
  const mode = view.mode()
  const lines = [
    `Latency min/avg/max: ${Math.round(latencyMs.min)}/${javaDouble(latencyMs.average)}/${Math.round(latencyMs.max)}`,
    `Received: ${metrics.packetsReceived}`,
    `Sent: ${metrics.packetsSent}`,
    `Connections: ${connections.size}`,
    `Outstanding: ${inFlight.count}`,
    `Zxid: ${formatZxid(state.lastApplied)}`,
    `Mode: ${mode}`,
    `Node count: ${state.tree.nodeCount}`,
  ]
  if (mode === 'leader') {
    const { last, min, max } = view.replica().proposalBytes
    lines.push(`Proposal sizes last/min/max: ${last}/${min}/${max}`)
  }
  return `${lines.join('\n')}\n`
}
