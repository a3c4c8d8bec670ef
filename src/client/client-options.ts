import type { Address } from '../runtime/network.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { ClientState } from './types.ts'
import type { WatchEvent, WatchListener } from './watch-registry.ts'

export interface ClientOptions {
  /** A connect string such as "a:2181,b:2181/app", or addresses. Default: "127.0.0.1:2181". */
  readonly servers?: string | readonly Address[] | undefined
  /**
   * How long the ensemble keeps the session, and its ephemeral nodes, without a sign of life. Too short: a busy moment ends
   * it. Too long: the ephemeral nodes of a dead process stay. Servers clamp it, to 2 to 20 of their ticks by default.
   * From 1 to 2,147,483,647. Default: 30,000.
   */
  readonly sessionTimeoutMs?: number | undefined
  /**
   * How long calls wait while the connection is lost. Then they fail with `connectionLoss`, and so do new ones at once, until
   * a server is found. From 1 to 2,147,483,647. Default: the session timeout.
   */
  readonly suspendedTimeoutMs?: number | undefined
  /** Be content with a server that is cut off from the rest, and only answers reads. Default: no. */
  readonly readOnly?: boolean | undefined
  /**
   * Ask that writes are taken exactly once: a write whose answer was lost is sent again, and the ensemble recognises it.
   * Banyan grants it, Apache ZooKeeper does not know it (see `exactlyOnce`). Default: yes.
   */
  readonly exactlyOnce?: boolean | undefined
  /** How many calls may be under way or wait, from 1 up. One more fails with `throttledOp`. Default: 100,000. */
  readonly requestsMax?: number | undefined
  /** The longest reply to accept. Default: 64 MiB. */
  readonly frameBytesMax?: number | undefined
  /** Clock, timers, random and network. Default: those of Node. */
  readonly runtime?: Runtime | undefined
}

const rangedOptions = ['sessionTimeoutMs', 'suspendedTimeoutMs', 'requestsMax', 'frameBytesMax'] as const

/** @throws RangeError that names the option, what was found and what was expected */
export function checkOptions(options: ClientOptions): void {
  for (const name of rangedOptions) {
    const value = options[name] ?? 1
    if (!(Number.isInteger(value) && value >= 1 && value <= 0x7fffffff)) {
      throw new RangeError(`${name}: found ${String(value)}, expected a whole number from 1 to 2147483647`)
    }
  }
}

/** What a client reports by itself. */
export interface ClientEvents {
  /**
   * The state has changed. The detail says why, where there is something to say. For `closed` it is null when a server has
   * confirmed that the session is over.
   */
  state: [state: ClientState, detail: string | null]
  /** A watch has fired, of whatever kind. */
  watch: [event: WatchEvent]
  /**
   * A server has refused an identity that `addAuth` was given, then or after a reconnect. The client goes on without it: what
   * only that identity may do fails with `noAuth` from now on.
   */
  authFailed: [scheme: string]
}

export interface WatchOption {
  /** Called once, at the next change; what counts as one depends on the call. */
  readonly watch?: WatchListener | undefined
}
