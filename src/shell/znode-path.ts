/**
 * The absolute path that a person means by `typed` while standing in `current`: relative names, "." and ".." work as in a
 * file system. A trailing slash is dropped.
 */
export function resolvePath(current: string, typed: string): string {
  const names: string[] = []
  const whole = typed.startsWith('/') ? typed : `${current}/${typed}`
  for (const name of whole.split('/')) {
    if (name === '' || name === '.') continue
    if (name === '..') names.pop()
    else names.push(name)
  }
  return `/${names.join('/')}`
}
