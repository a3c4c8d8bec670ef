import type { Findings, Place } from './config-error.ts'

/** A `key=value` line, not yet understood. */
export interface Entry {
  /** Without ZooKeeper's property prefix, see `plainKey`. */
  readonly key: string
  readonly value: string
  readonly place: Place
}

/** A server line whose fields are sound by themselves. */
export interface ServerDraft {
  readonly id: number
  readonly host: string
  readonly clientPort: number | null
  readonly clientHost: string | null
  readonly peerPort: number
  readonly leaderPort: number
  readonly place: Place
}

/** What both file formats come down to, before settings are understood and servers compared with each other. */
export interface Draft {
  readonly servers: readonly ServerDraft[]
  readonly entries: readonly Entry[]
  /** False when a line was unusable, so that a wrong line does not read as a missing one as well. */
  readonly whole: boolean
}

/** Every key may carry the prefix that it has as a Java property: `zookeeper.snapCount` is `snapCount`. */
export function plainKey(written: string): string {
  return written.startsWith('zookeeper.') ? written.slice('zookeeper.'.length) : written
}

/** ZooKeeper takes 0 as well, and files are written with it. */
export const serverIdMin = 0
export const serverIdMax = 255
const portMax = 65_535

/** A whole number in decimal digits within bounds; otherwise notes the problem and returns null. */
export function readWhole(
  text: string,
  what: string,
  bounds: { min: number; max: number; unit?: string },
  place: Place,
  findings: Findings,
): number | null {
  const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (value >= bounds.min && value <= bounds.max) return value
  const unit = bounds.unit === undefined ? '' : ` of ${bounds.unit}`
  findings.problem(
    place,
    text === '' ? `${what} without a value` : `${what} "${text}"`,
    `a whole number${unit} from ${bounds.min} to ${bounds.max}`,
  )
  return null
}

export function readPort(text: string, what: string, place: Place, findings: Findings): number | null {
  return readWhole(text, what, { min: 1, max: portMax }, place, findings)
}

/** A host name, an IPv4 or an IPv6 address, the last in brackets or not; otherwise notes the problem. */
export function readHost(text: string, what: string, place: Place, findings: Findings): string | null {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  const sound = bare.includes(':') ? isIpv6(bare) : isIpv4(bare) || isName(bare)
  if (sound) return bare
  findings.problem(place, `${what} "${text}"`, 'a host name, an IPv4 address, or an IPv6 address')
  return null
}

function isIpv4(text: string): boolean {
  const parts = text.split('.')
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)
}

function isIpv6(text: string): boolean {
  const address = text.split('%')[0] ?? ''
  const groups = address.split(':')
  const tail = groups.at(-1) ?? ''
  const width = tail.includes('.') ? groups.length + 1 : groups.length
  const gaps = address.split('::').length - 1
  return (
    gaps <= 1 &&
    !address.includes(':::') &&
    (gaps === 1 ? width >= 3 && width <= 9 : width === 8) &&
    groups.every(
      (group, at) => /^[0-9a-fA-F]{0,4}$/.test(group) || (at === groups.length - 1 && isIpv4(group)),
    )
  )
}

/** Four numbers with dots are meant as an address, so a wrong one of those is no name. */
function isName(text: string): boolean {
  return /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$/.test(text) && !/^[\d.]+$/.test(text)
}

/** Splits into lines, without the marks that editors of other systems leave. */
export function linesOf(text: string): string[] {
  return text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)
}

/** Keeps the first server of each id and notes the others. */
export function uniqueServers(servers: readonly ServerDraft[], findings: Findings): ServerDraft[] {
  const byId = new Map<number, ServerDraft>()
  for (const server of servers) {
    const first = byId.get(server.id)
    if (first === undefined) byId.set(server.id, server)
    else {
      findings.problem(
        server.place,
        `server id ${server.id} a second time`,
        `an id of its own for every server (line ${first.place.line} has ${server.id} already)`,
      )
    }
  }
  return [...byId.values()].sort((a, b) => a.id - b.id)
}
