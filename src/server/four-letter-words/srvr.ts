import { formatZxid } from '../../tree/zxid.ts'
import { versionLine } from '../version.ts'
import { javaDouble, type ServerView } from './server-view.ts'

/** The state of the server in ten lines. */
export function srvr(view: ServerView): string {
  return `Zookeeper version: ${versionLine}\n${standing(view)}`
}

/** As `srvr`, with its connections. */
export function stat(view: ServerView): string {
  const lines = ['Clients:']
  for (const connection of view.connections) {
    const { remoteHost, remotePort, order, packetsReceived, packetsSent } = connection
    // The number in brackets: what is waited for on the socket, 1 for reading.
    lines.push(
      ` /${remoteHost}:${remotePort}[1](queued=${order.outstanding},recved=${packetsReceived},sent=${packetsSent})`,
    )
  }
  return `Zookeeper version: ${versionLine}\n${lines.join('\n')}\n\n${standing(view)}`
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
