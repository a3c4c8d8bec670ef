import { setTimeout as sleep } from 'node:timers/promises'
import { LoneClient } from './lone-client.ts'

const path = '/gap'
const patienceMs = 250
const beforeMs = 1_500
const afterMs = 3_500
const retryMs = 2
const firstSessionMs = 15_000

/**
 * Sets one znode over and over, at the next server whenever the one in use fails or is silent; in the midst of it does what
 * stops writes.
 *
 * @returns the longest time between two acknowledged writes from then on, in milliseconds
 * @throws when an acknowledged write is lost, or writes never come back
 */
export async function longestGapMs(
  servers: readonly string[],
  disturb: () => Promise<void>,
): Promise<number> {
  let at = 0
  const next = (timeoutMs: number) =>
    LoneClient.open(servers[at++ % servers.length] as string, timeoutMs).catch(() => null)
  let client = await next(firstSessionMs)
  // It may be there, from the round before.
  await client?.create(path, '0').catch(() => {})
  let sent = 0
  let acknowledged = 0
  let longestMs = 0
  const startMs = performance.now()
  let lastMs = startMs
  let disturbedMs: number | null = null
  while (performance.now() - (disturbedMs ?? Number.POSITIVE_INFINITY) < afterMs || disturbedMs === null) {
    if (disturbedMs === null && performance.now() - startMs > beforeMs) {
      await disturb()
      disturbedMs = performance.now()
      lastMs = disturbedMs
    }
    client ??= await next(patienceMs)
    if (client === null) {
      await sleep(retryMs)
      continue
    }
    try {
      await client.set(path, String(++sent))
      acknowledged = sent
      const nowMs = performance.now()
      if (disturbedMs !== null) longestMs = Math.max(longestMs, nowMs - lastMs)
      lastMs = nowMs
    } catch {
      client.destroy()
      client = null
    }
  }
  client?.close()
  if (performance.now() - lastMs > afterMs / 2) throw new Error('writes never came back')
  const found = await finalValue(servers)
  if (found < acknowledged || found > sent) {
    throw new Error(`found value ${found}; acknowledged was ${acknowledged}, sent ${sent}: a write was lost`)
  }
  return longestMs
}

async function finalValue(servers: readonly string[]): Promise<number> {
  for (let i = 0; i < 3 * servers.length; i++) {
    const client = await LoneClient.open(servers[i % servers.length] as string, 2_000).catch(() => null)
    if (client === null) continue
    try {
      await client.sync(path)
      return Number(await client.get(path))
    } catch {
      await sleep(100)
    } finally {
      client.close()
    }
  }
  throw new Error('no server tells the final value')
}
