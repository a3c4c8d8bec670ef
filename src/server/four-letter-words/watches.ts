import { firstOf, hex, type ServerView } from './server-view.ts'

// All three tell of watches on data and existence only, as in ZooKeeper.

/** How many watches there are. */
export function wchs(view: ServerView): string {
  const { data } = view.watches
  return `${data.watcherCount} connections watching ${data.pathCount} paths\nTotal watches:${data.size}\n`
}

/** Every session with the paths that it watches. */
export function* wchc(view: ServerView): Generator<string> {
  const { data } = view.watches
  for (const watcher of firstOf(data.watchers(), data.watcherCount)) {
    yield `${hex(watcher.sessionId)}\n`
    const paths = data.pathsOf(watcher)
    for (const path of firstOf(paths.keys(), paths.size)) yield `\t${path}\n`
  }
  yield '\n'
}

/** Every watched path with the sessions that watch it. */
export function* wchp(view: ServerView): Generator<string> {
  const { data } = view.watches
  for (const path of firstOf(data.paths(), data.pathCount)) {
    yield `${path}\n`
    for (const watcher of data.watchersAt(path)) yield `\t${hex(watcher.sessionId)}\n`
  }
  yield '\n'
}
