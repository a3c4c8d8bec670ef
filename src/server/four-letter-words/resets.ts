import type { ServerView } from './server-view.ts'

/** Counts each connection's traffic anew. */
export function crst(view: ServerView): string {
  for (const connection of view.connections) connection.statistics.reset()
  return 'Connection stats reset.\n'
}

/** Counts the server's traffic anew. */
export function srst(view: ServerView): string {
  view.metrics.resetTraffic()
  return 'Server stats reset.\n'
}
