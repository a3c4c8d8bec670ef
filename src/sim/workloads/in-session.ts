import type { Client } from '../../client/client.ts'
import type { ClientState } from '../../client/types.ts'
import type { UntilStopped } from './until-stopped.ts'

/** Longer than any run: a client of a workload never gives up by itself. */
const patienceMs = 24 * 3600 * 1000

/**
 * Waits until the client is connected, in a new session whenever one is over, also one that ends while it is waited for. False
 * when the client was closed, or the workload stops before that: nobody has to ask again.
 */
export async function inSession(client: Client, until: UntilStopped): Promise<boolean> {
  while (!until.stopped && !isSettled(client.state)) {
    if (client.state === 'idle' || client.state === 'expired') {
      // What comes of it shows in the state.
      client.connect({ timeoutMs: patienceMs }).catch(() => {})
    }
    await until.wait((happened) => {
      client.connected().then(happened, happened)
      return () => {}
    }, patienceMs)
  }
  return client.state === 'connected' && !until.stopped
}

/** Nothing is to be waited for: it is with a server, or will never be. */
function isSettled(state: ClientState): boolean {
  return state === 'connected' || state === 'readonly' || state === 'closed'
}
