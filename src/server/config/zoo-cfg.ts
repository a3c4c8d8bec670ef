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

const serverForm = 'server.N=host:leaderPort:peerPort[:participant][;[clientAddress:]clientPort]'
const serverKey = /^server\.(.*)$/

/** ZooKeeper's own format: a Java properties file with `server.N` lines. Those may stand in a dynamic file beside it. */
export function readZooCfg(text: string, file: string, findings: Findings): Draft {
  const servers: ServerDraft[] = []
  const entries: Entry[] = []
  const seen = new Set<string>()
  for (const entry of readProperties(text, file, findings)) {
    const match = serverKey.exec(entry.key)
    if (match === null) entries.push(entry)
    else if (!repeats(entry, seen)) {
      const server = readServer(match[1] ?? '', entry, findings)
      if (server !== null) servers.push(server)
    }
  }
  return { servers: uniqueServers(servers, findings), entries, whole: findings.problems.length === 0 }
}

/** A server line that is there again, word for word, is no second server. */
function repeats({ key, value }: Entry, seen: Set<string>): boolean {
  const line = `${key}=${value}`
  if (seen.has(line)) return true
  seen.add(line)
  return false
}

/** Whether a line of this text is a `server.N` line, which only a zoo.cfg has. */
export function hasServerKeys(entries: readonly { key: string }[]): boolean {
  return entries.some((entry) => serverKey.test(entry.key))
}

/**
 * The part of Java's properties format that people use: comments by `#` or `!` at the start of a line, `=`, `:` or
 * space after the key, a backslash that continues the line or escapes the next character.
 */
export function readProperties(text: string, file: string, findings: Findings): Entry[] {
  const entries: Entry[] = []
  const lines = linesOf(text)
  for (let at = 0; at < lines.length; at++) {
    const place = { file, line: at + 1 }
    let line = (lines[at] ?? '').trim()
    if (line === '' || line.startsWith('#') || line.startsWith('!')) continue
    while (/(^|[^\\])(\\\\)*\\$/.test(line) && at + 1 < lines.length) {
      at += 1
      line = line.slice(0, -1) + (lines[at] ?? '').trim()
    }
    const match = /^([^=:\s]+)\s*[=:\s]\s*(.*)$/.exec(line)
    const key = match?.[1]
    if (key === undefined || /^\d+$/.test(key)) {
      findings.problem(place, `"${line}"`, '"key=value" (this file is read as a zoo.cfg)')
    } else {
      entries.push({ key: plainKey(key), value: (match?.[2] ?? '').replace(/\\(.)/g, '$1').trim(), place })
    }
  }
  return entries
}

function readServer(idText: string, { value, place }: Entry, findings: Findings): ServerDraft | null {
  const id = readWhole(idText, 'server id', { min: serverIdMin, max: serverIdMax }, place, findings)
  const [quorumPart = '', clientPart, securePart, ...rest] = value.split(';').map((part) => part.trim())
  if (rest.length > 0) {
    findings.problem(place, `"${value}"`, serverForm)
    return null
  }
  if (quorumPart.includes('|')) {
    findings.problem(
      place,
      `several addresses for one server, "${quorumPart}"`,
      `one address per server: ${serverForm}`,
    )
    return null
  }
  const [hostText, leaderText, peerText, role = 'participant', ...more] = splitAddress(quorumPart)
  if (hostText === undefined || leaderText === undefined || peerText === undefined || more.length > 0) {
    findings.problem(place, `"${value}"`, serverForm)
    return null
  }
  const host = readHost(hostText, 'host', place, findings)
  const leaderPort = readPort(leaderText, 'leader port', place, findings)
  const peerPort = readPort(peerText, 'peer port', place, findings)
  checkRole(role, place, findings)
  const client = clientPart ? readClient(clientPart, place, findings) : { host: null, port: null }
  if (securePart) findings.warn(place, `secure client port "${securePart}" is not served: ${noTls}`)
  if (id === null || host === null || leaderPort === null || peerPort === null || client === null) return null
  return { id, host, clientPort: client.port, clientHost: client.host, peerPort, leaderPort, place }
}

const noTls = 'TLS is not in this version'

function checkRole(role: string, place: Place, findings: Findings): void {
  const lower = role.toLowerCase()
  if (lower === 'observer') {
    findings.problem(place, 'an observer', 'participants only: observers are not in this version')
  } else if (lower !== 'participant') {
    findings.problem(place, `role "${role}"`, 'participant')
  }
}

function readClient(
  text: string,
  place: Place,
  findings: Findings,
): { host: string | null; port: number } | null {
  const parts = splitAddress(text)
  const [hostText, portText] = parts.length === 1 ? [undefined, parts[0]] : parts
  if (parts.length > 2 || portText === undefined) {
    findings.problem(place, `client address "${text}"`, '[clientAddress:]clientPort')
    return null
  }
  const host = hostText === undefined ? null : readHost(hostText, 'client address', place, findings)
  const port = readPort(portText, 'client port', place, findings)
  if (port === null || (hostText !== undefined && host === null)) return null
  return { host, port }
}

/** Splits at colons, except within the brackets of an IPv6 address. */
function splitAddress(text: string): string[] {
  const bracket = /^(\[[^\]]*\])(?::(.*))?$/.exec(text)
  if (bracket === null) return text.split(':').map((part) => part.trim())
  const [, host = '', rest] = bracket
  return rest === undefined ? [host] : [host, ...rest.split(':').map((part) => part.trim())]
}
