import type { WatchKind, WatchListener, WatchRegistry } from './watch-registry.ts'

/** Which watches on a path are meant: `data` are those of `get` and `exists`, `children` those of `getChildren`. */
export type WatchSelection = 'any' | 'data' | 'children' | 'persistent' | 'recursive'

/** As checkWatches and removeWatches carry it. */
export const watchTypes: Readonly<Record<WatchSelection, number>> = {
  children: 1,
  data: 2,
  any: 3,
  persistent: 4,
  recursive: 5,
}

const selectedKinds: Readonly<Record<WatchSelection, readonly WatchKind[]>> = {
  any: ['data', 'exist', 'child', 'persistent', 'recursive'],
  data: ['data', 'exist'],
  children: ['child'],
  persistent: ['persistent'],
  recursive: ['recursive'],
}

/**
 * Takes listeners out of the registry, and says what the server is to be asked for.
 *
 * The server keeps one watch of a kind for a path and connection, however many listeners share it. So it is asked only
 * when the last of them goes; and when nothing at all is left on the path, for everything at once, which every release
 * understands. Apache ZooKeeper before 3.9 drops persistent watches together with one-shot ones: there a one-shot
 * watch rather stays, and its event finds nobody.
 *
 * @param path the server's
 * @param listener only this one; undefined for all
 * @returns selections for removeWatches; null when there was nothing to take out
 */
export function takeWatches(
  registry: WatchRegistry,
  path: string,
  selection: WatchSelection,
  listener: WatchListener | undefined,
): WatchSelection[] | null {
  const taken = selectedKinds[selection].filter((kind) => registry.remove(kind, path, listener))
  if (taken.length === 0) return null
  // A call under way will leave a watch, which a removal behind it would take along.
  if (registry.isArming(path)) return []
  const left = selectedKinds.any.filter((kind) => registry.has(kind, path))
  if (left.length === 0) return ['any']
  const lastWent = (of: WatchSelection): boolean =>
    selectedKinds[of].some((kind) => taken.includes(kind)) &&
    !selectedKinds[of].some((kind) => left.includes(kind))
  const persists = left.includes('persistent') || left.includes('recursive')
  const oneShot = persists ? [] : (['data', 'children'] as const)
  return [...oneShot, 'persistent' as const, 'recursive' as const].filter(lastWent)
}
