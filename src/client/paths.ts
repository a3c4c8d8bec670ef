/**
 * What is wrong with a znode path by ZooKeeper's rules, or null when nothing is. The server decides in the end; asking
 * here gives a better message, and saves the way.
 */
export function pathFault(path: string): string | null {
  if (path === '') return 'is empty: expected a path that starts with "/"'
  if (path === '/') return null
  if (!path.startsWith('/')) return 'does not start with "/"'
  if (path.endsWith('/')) return 'ends with "/"'
  for (const name of path.slice(1).split('/')) {
    if (name === '') return 'has an empty name in it ("//")'
    if (name === '.' || name === '..') return `has the name "${name}" in it`
  }
  const character = forbidden.exec(path)?.[0]
  if (character !== undefined) {
    const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
    return `has the character U+${code}, which ZooKeeper does not allow in paths`
  }
  return null
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is forbidden
const forbidden = /[\u0000-\u001f\u007f-\u009f\ud800-\uf8ff\ufff0-\uffff]/

/** The path of the node above; of "/", "/" itself. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash <= 0 ? '/' : path.slice(0, slash)
}

/** The last name in a path; of "/", the empty string. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** The path of a child. */
export function childOf(path: string, name: string): string {
  return path === '/' ? `/${name}` : `${path}/${name}`
}

/** The path as the servers know it. */
export function withChroot(chroot: string, path: string): string {
  if (chroot === '') return path
  return path === '/' ? chroot : chroot + path
}

/** The path as the application knows it. */
export function withoutChroot(chroot: string, path: string): string {
  if (chroot === '') return path
  if (path === chroot) return '/'
  return path.startsWith(`${chroot}/`) ? path.slice(chroot.length) : path
}
