import { quotaPath } from '../paths.ts'

/**
 * The quota of /a/b is kept in two nodes: /zookeeper/quota/a/b/zookeeper_limits says how much there may be, and
 * zookeeper_stats beside it how much there is.
 */
export const limitsName = '/zookeeper_limits'
export const statsName = '/zookeeper_stats'

const prefix = `${quotaPath}/`
const prefixBytes = Buffer.from(prefix)

/** Whether quotas are kept in the part of the tree that this node belongs to. */
export const isQuotaPart = (path: string): boolean => path.startsWith(prefix)

/** As `isQuotaPart`, of the bytes of a path. */
export function areQuotaPart(path: Buffer, start: number, end: number): boolean {
  if (end - start <= prefixBytes.length) return false
  for (let i = 0; i < prefixBytes.length; i++) if (path[start + i] !== prefixBytes[i]) return false
  return true
}

export const limitsPathOf = (quota: string): string => quotaPath + quota + limitsName
export const statsPathOf = (quota: string): string => quotaPath + quota + statsName

/** The node whose quota a node `name` belongs to, empty for the root; null when it is no such node. */
export function quotaOf(path: string, name: string): string | null {
  return isQuotaPart(path) && path.endsWith(name) ? path.slice(quotaPath.length, -name.length) : null
}
