import type { Client } from '../../client/client.ts'
import type { UntilStopped } from './until-stopped.ts'

/** Longer than any run: a client of a workload never gives up by itself. */
const patienceMs = 24 * 3600 * 1000

/**
 * Waits until the client is connected, in a new session when the last one is over. False when it was closed, or the workload
 * stops before that.
 */
export async function inSession(client: Client, until: UntilStopped): Promise<boolean> {
  if (client.state === 'idle' || client.state === 'expired') {
    // What comes of it shows in the state.
    client.connect({ timeoutMs: patienceMs }).catch(() => {})
  }
  if (client.state !== 'connected') {
    await until.wait((happened) => {
      client.connected().then(happened, happened)
      return () => {}
    }, patienceMs)
  }
  return client.state === 'connected' && !until.stopped
}
