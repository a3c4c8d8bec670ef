import { setTimeout as sleep } from 'node:timers/promises'
import { LoneClient } from './lone-client.ts'

const patienceMs = 250
const retryMs = 5
const timeoutMs = 180_000

/** From now until any of the servers has acknowledged a write, in milliseconds. */
export async function firstWriteMs(servers: readonly string[]): Promise<number> {
  const startMs = performance.now()
  for (let i = 0; performance.now() - startMs < timeoutMs; i++) {
    const client = await LoneClient.open(servers[i % servers.length] as string, patienceMs).catch(() => null)
    const written = await client?.create(`/first-${i}`, '').then(
      () => true,
      () => false,
    )
    const tookMs = performance.now() - startMs
    if (written === true) {
      client?.close()
      return tookMs
    }
    client?.destroy()
    await sleep(retryMs)
  }
  throw new Error(`no write was acknowledged within ${timeoutMs} ms`)
}
