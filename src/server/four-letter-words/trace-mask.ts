import type { ServerView } from './server-view.ts'

/** Which kinds of events ZooKeeper's trace log holds. There is no such log here: the mask is kept for who sets it. */
export function gtmk(view: ServerView): string {
  return String(view.metrics.traceMask)
}

export function stmk(view: ServerView, argument: Buffer): string {
  view.metrics.traceMask = argument.readBigInt64BE(0)
  return String(view.metrics.traceMask)
}
