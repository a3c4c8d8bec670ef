import type { ServerView } from './server-view.ts'

/** Whether there is a server at all. */
export function ruok(): string {
  return 'imok'
}

/** Whether it takes writes, or does not serve. It has no read-only mode. */
export function isro(view: ServerView): string {
  return view.mode() === null ? 'null' : 'rw'
}
