import type { Stat } from '../client/index.ts'
import { hex } from './output.ts'

/** The stat as lines of text, in ZooKeeper's words and order. */
export function statText(stat: Stat): string {
  return [
    `cZxid = ${hex(stat.czxid)}`,
    `ctime = ${time(stat.ctime)}`,
    `mZxid = ${hex(stat.mzxid)}`,
    `mtime = ${time(stat.mtime)}`,
    `pZxid = ${hex(stat.pzxid)}`,
    `cversion = ${stat.cversion}`,
    `dataVersion = ${stat.version}`,
    `aclVersion = ${stat.aversion}`,
    `ephemeralOwner = ${hex(stat.ephemeralOwner)}`,
    `dataLength = ${stat.dataLength}`,
    `numChildren = ${stat.numChildren}`,
  ].join('\n')
}

/** The stat for JSON: times in milliseconds since 1970, the session id as hexadecimal text. */
export function statFields(stat: Stat): Readonly<Record<string, unknown>> {
  return { ...stat, ephemeralOwner: hex(stat.ephemeralOwner) }
}

/** As `statColumns`, of a znode that may not be looked at. */
export const hiddenColumns = ['?', '?'.padStart(6), '?'.padStart(8), '?'.padStart(7), ' ?'.padEnd(25)].join(
  ' ',
)

/** One line of `ls -l`, to stand before the name. */
export function statColumns(stat: Stat): string {
  const kind = stat.ephemeralOwner === 0n ? '-' : 'e'
  const version = `v${stat.version}`.padStart(6)
  const bytes = String(stat.dataLength).padStart(8)
  const children = String(stat.numChildren).padStart(7)
  return `${kind} ${version} ${bytes} ${children}  ${time(stat.mtime)}`
}

function time(ms: number): string {
  return new Date(ms).toISOString()
}
