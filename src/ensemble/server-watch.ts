import { fourLetterWord } from '../client/four-letter-word.ts'
import type { Address } from '../runtime/network.ts'
import type { Runtime } from '../runtime/runtime.ts'

/** What one server says of itself. */
export interface ServerView {
  /** `leader`, `follower`, `standalone`; `electing` while it serves nobody; `down` when it does not answer. */
  readonly state: string
  /** As it says it, `0x200000003`; null while it does not serve. */
  readonly zxid: string | null
}

const down: ServerView = { state: 'down', zxid: null }
const askMsMax = 500

/** Asks a server by ZooKeeper's word `srvr`. Never rejects. */
export async function viewServer(runtime: Runtime, address: Address): Promise<ServerView> {
  try {
    return readSrvr(await fourLetterWord(address, 'srvr', { timeoutMs: askMsMax, runtime }))
  } catch {
    return down
  }
}

export function readSrvr(text: string): ServerView {
  const state = /^Mode: (.+)$/m.exec(text)?.[1]
  const zxid = /^Zxid: (0x[0-9a-f]+)$/m.exec(text)?.[1] ?? null
  if (state !== undefined) return { state, zxid }
  return /not currently serving/.test(text) ? { state: 'electing', zxid: null } : down
}

/**
 * The ensemble in one line: `1 follower  2 follower  3 leader · last zxid 0x200000003`. Without a leader it ends behind the
 * servers. No epoch: `srvr` does not tell it, and that of the last zxid is older until the new reign's first write.
 */
export function statusLine(views: ReadonlyMap<number, ServerView>): string {
  const servers = [...views].map(([id, view]) => `${id} ${view.state}`).join('  ')
  const zxid = leaderOf(views)?.zxid
  if (zxid === undefined || zxid === null) return servers
  return `${servers} · last zxid ${zxid}`
}

/** What a new line is worth: who is in which state. Not the zxid, which moves with every write. */
export function statusKey(views: ReadonlyMap<number, ServerView>): string {
  return [...views].map(([id, view]) => `${id} ${view.state}`).join()
}

export function hasLeader(views: ReadonlyMap<number, ServerView>): boolean {
  return leaderOf(views) !== undefined
}

function leaderOf(views: ReadonlyMap<number, ServerView>): ServerView | undefined {
  return [...views.values()].find((view) => view.state === 'leader' || view.state === 'standalone')
}
