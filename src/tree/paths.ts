/** The nodes that are always there and cannot be deleted. */
export const rootPath = '/'
export const zookeeperPath = '/zookeeper'
export const quotaPath = '/zookeeper/quota'
export const configPath = '/zookeeper/config'

const slash = 0x2f
const dot = 0x2e

/** The path of the parent, by text alone: `/` for `/a` and for `/` itself. The path contains a slash. */
export function parentOf(path: string): string {
  const at = path.lastIndexOf('/')
  return at <= 0 ? '/' : path.substring(0, at)
}

/** The last component. */
export function nameOf(path: string): string {
  return path.substring(path.lastIndexOf('/') + 1)
}

/** Whether create and delete look at this path at all: it has a slash and no NUL. */
export function isSearchable(path: string): boolean {
  return path.includes('/') && !path.includes('\0')
}

export function isReserved(path: string): boolean {
  return path === rootPath || path === zookeeperPath || path === quotaPath || path === configPath
}

/**
 * Whether a node may have this path: starts with `/`, no trailing `/` (but for the root), no empty component, none that
 * is `.` or `..`, no forbidden character. Source: PathUtils.validatePath of ZooKeeper.
 */
export function isValidPath(path: string): boolean {
  if (path.length === 0 || path.charCodeAt(0) !== slash) return false
  if (path.length === 1) return true
  let componentStart = 1
  for (let i = 1; i < path.length; i++) {
    const unit = path.charCodeAt(i)
    if (unit === slash) {
      if (!isValidComponent(path, componentStart, i)) return false
      componentStart = i + 1
    } else if (isForbidden(unit)) {
      return false
    }
  }
  return isValidComponent(path, componentStart, path.length)
}

function isValidComponent(path: string, start: number, end: number): boolean {
  const length = end - start
  if (length === 0) return false
  if (length > 2 || path.charCodeAt(start) !== dot) return true
  return length === 2 && path.charCodeAt(start + 1) !== dot
}

/** Controls, surrogates, the private-use area, and the specials at the end of the plane. */
function isForbidden(unit: number): boolean {
  if (unit < 0x7f) return unit <= 0x1f
  return unit <= 0x9f || (unit >= 0xd800 && unit <= 0xf8ff) || unit >= 0xfff0
}

/** A sequential node's suffix: the counter in ten digits, `-` and nine once it has wrapped. */
export function sequenceSuffix(counter: number): string {
  return counter < 0 ? `-${String(-counter).padStart(9, '0')}` : String(counter).padStart(10, '0')
}
