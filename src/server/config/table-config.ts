import type { Findings, Place } from './config-error.ts'
import {
  type Draft,
  type Entry,
  linesOf,
  plainKey,
  readHost,
  readPort,
  readWhole,
  type ServerDraft,
  serverIdMax,
  serverIdMin,
  uniqueServers,
} from './draft.ts'

const rowForm = 'a server line "id host clientPort peerPort leaderPort" or a setting "key=value"'

/**
 * The table format: one file for the whole ensemble. `#` starts a comment anywhere; a line with `=` is a setting, any
 * other line a server.
 */
export function readTable(text: string, file: string, findings: Findings): Draft {
  const servers: ServerDraft[] = []
  const entries: Entry[] = []
  for (const [at, raw] of linesOf(text).entries()) {
    const line = (raw.split('#')[0] ?? '').trim()
    if (line === '') continue
    const place = { file, line: at + 1 }
    const equals = line.indexOf('=')
    if (equals >= 0) {
      const key = plainKey(line.slice(0, equals).trim())
      entries.push({ key, value: line.slice(equals + 1).trim(), place })
      continue
    }
    const server = readRow(line, place, findings)
    if (server !== null) servers.push(server)
  }
  if (servers.length === 0 && findings.problems.length === 0) {
    findings.problem({ file, line: null }, 'no server line', rowForm)
  }
  return { servers: uniqueServers(servers, findings), entries, whole: findings.problems.length === 0 }
}

function readRow(line: string, place: Place, findings: Findings): ServerDraft | null {
  const cells = line.split(/\s+/)
  const [idText = '', hostText = '', clientText = '', peerText = '', leaderText = ''] = cells
  if (cells.length !== 5) {
    // A setting without its "=" may be one of the secrets, and messages get into logs.
    const shown = /digest|password/i.test(idText) ? `${idText} …` : line
    findings.problem(place, `"${shown}" (${cells.length} fields)`, rowForm)
    return null
  }
  const id = readWhole(idText, 'server id', { min: serverIdMin, max: serverIdMax }, place, findings)
  const host = readHost(hostText, 'host', place, findings)
  const clientPort = readPort(clientText, 'client port', place, findings)
  const peerPort = readPort(peerText, 'peer port', place, findings)
  const leaderPort = readPort(leaderText, 'leader port', place, findings)
  if (id === null || host === null || clientPort === null || peerPort === null || leaderPort === null)
    return null
  return { id, host, clientPort, clientHost: null, peerPort, leaderPort, place }
}
