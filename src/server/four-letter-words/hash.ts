import { firstOf, type ServerView } from './server-view.ts'

/** Digests of the state at certain transactions: the same on every server, or their states have come apart. */
export function* hash(view: ServerView): Generator<string> {
  const { entries } = view.digests
  for (const { zxid, digest } of firstOf(entries, entries.length)) {
    yield `${zxid.toString(16)}: ${BigInt(`0x${digest}`)}\n`
  }
}
