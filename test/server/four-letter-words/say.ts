import type { Harness } from '../client-side-harness.ts'

/** What the server answers to these bytes, through as many turns as it takes. */
export async function say(harness: Harness, word: string | Buffer, asker = harness.dial()): Promise<string> {
  asker.send(Buffer.from(word as string))
  for (let i = 0; i < 10; i++) await Promise.resolve()
  harness.time.endTurns()
  return asker.text()
}
