import { OpCode } from '../../wire/opcodes.ts'
import type { ClientConnection } from '../client-connection.ts'
import { firstOf, hex, type ServerView } from './server-view.ts'

/** Every connection with what it has done, then an empty line. */
export function* cons(view: ServerView): Generator<string> {
  for (const connection of firstOf(view.connections, view.connections.size)) yield consLine(connection)
  yield '\n'
}

/** What `stat` says of a connection, without the closing parenthesis. */
export function shortLine(connection: ClientConnection): string {
  const { remoteHost, remotePort, interest, order, statistics } = connection
  const host = remoteHost.includes(':') ? `[${remoteHost}]` : remoteHost
  return (
    ` /${host}:${remotePort}[${interest.toString(16)}](queued=${order.outstanding},` +
    `recved=${statistics.packetsReceived},sent=${statistics.packetsSent}`
  )
}

function consLine(connection: ClientConnection): string {
  const { sessionId, timeoutMs, openedAtWallMs, statistics } = connection
  if (sessionId === 0) return `${shortLine(connection)})\n`
  const { lastXid, lastZxid, lastReplyMs, lastLatencyMs } = statistics
  const lastOperation = operations.get(statistics.lastOpcode) ?? 'NA'
  const lastXidField = lastXid < 0 ? '' : `,lcxid=${hex(lastXid)}`
  return (
    `${shortLine(connection)},sid=${hex(sessionId)},lop=${lastOperation},est=${Math.floor(openedAtWallMs)},to=${timeoutMs}` +
    `${lastXidField},lzxid=${hex(lastZxid)},lresp=${Math.floor(lastReplyMs)},llat=${Math.round(lastLatencyMs)},` +
    `minlat=${Math.round(statistics.latencyMsMin)},avglat=${Math.round(statistics.latencyMsAverage)},maxlat=${Math.round(statistics.latencyMsMax)})\n`
  )
}

const operations = new Map<number, string>([
  [OpCode.createSession, 'SESS'],
  [OpCode.ping, 'PING'],
  [OpCode.create, 'CREA'],
  [OpCode.create2, 'CREA'],
  [OpCode.createContainer, 'CREA'],
  [OpCode.createTtl, 'CREA'],
  [OpCode.delete, 'DELE'],
  [OpCode.exists, 'EXIS'],
  [OpCode.getData, 'GETD'],
  [OpCode.setData, 'SETD'],
  [OpCode.getAcl, 'GETA'],
  [OpCode.setAcl, 'SETA'],
  [OpCode.getChildren, 'GETC'],
  [OpCode.getChildren2, 'GETC'],
  [OpCode.sync, 'SYNC'],
  [OpCode.multi, 'MULT'],
  [OpCode.multiRead, 'MLTR'],
  [OpCode.setWatches, 'SETW'],
  [OpCode.setWatches2, 'STW2'],
  [OpCode.addWatch, 'ADDW'],
  [OpCode.checkWatches, 'CHKW'],
  [OpCode.removeWatches, 'REMW'],
  [OpCode.getEphemerals, 'GETE'],
  [OpCode.getAllChildrenNumber, 'GETACN'],
  [OpCode.whoAmI, 'HOMI'],
  [OpCode.reconfig, 'RECO'],
  [OpCode.closeSession, 'CLOS'],
])
