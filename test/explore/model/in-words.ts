import type { FollowerMessage, LeaderMessage } from '../../../src/replication/messages.ts'
import { formatZxid } from '../../../src/tree/zxid.ts'
import type { Write } from './state.ts'

/** An effect or a message in a few words. */
export function inWords(one: Write | FollowerMessage | LeaderMessage): string {
  const words: string[] = ['kind' in one ? one.kind : one.type]
  if ('epoch' in one) words.push(`epoch ${one.epoch}`)
  if ('changes' in one) words.push(JSON.stringify(one.changes))
  for (const field of ['lastZxid', 'zxid', 'commit', 'common', 'to'] as const) {
    const value = (one as unknown as Record<string, unknown>)[field]
    if (typeof value === 'number') words.push(`${field} ${formatZxid(value)}`)
  }
  return words.join(' ')
}
