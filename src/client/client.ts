import type { Address } from '../runtime/network.ts'
import { nodeRuntime } from '../runtime/node-runtime.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { ErrorCode } from '../wire/error-codes.ts'
import { EventType } from '../wire/event-types.ts'
import { Calls } from './calls.ts'
import type { ClientOptions } from './client-options.ts'
import { checkOptions } from './client-options.ts'
import { formatAddress, parseConnectString } from './connect-string.ts'
import { Credentials } from './credentials.ts'
import { callListener } from './emitter.ts'
import type { ReadOperation, ReadResult } from './multi-read.ts'
import { multiRead } from './multi-read.ts'
import { Session } from './session.ts'
import { Transaction } from './transaction.ts'
import type { ClientState } from './types.ts'
import { WatchCalls } from './watch-calls.ts'
import type { WatchEvent } from './watch-registry.ts'
import { WatchRegistry } from './watch-registry.ts'
import type { WatcherOptions } from './watcher.ts'
import { Watcher } from './watcher.ts'
import { ZkError } from './zk-error.ts'

const eventNames = new Map<number, WatchEvent['type']>([
  [EventType.nodeCreated, 'created'],
  [EventType.nodeDeleted, 'deleted'],
  [EventType.nodeDataChanged, 'dataChanged'],
  [EventType.nodeChildrenChanged, 'childrenChanged'],
])

/**
 * A client of an ensemble of Banyan or Apache ZooKeeper servers: one session, kept over as many connections as it takes.
 *
 * All calls are sent in the order in which they are made, without waiting for one another, and take effect in that order.
 * While no server is connected they wait. They reject with a `ZkError`.
 *
 * @example
 * const client = new Client({ servers: 'a:2181,b:2181,c:2181/app' })
 * await client.connect()
 * await client.create('/greeting', 'hello')
 * const { data, stat } = await client.get('/greeting')
 * await client.set('/greeting', 'good bye', { version: stat.version })
 * await client.close()
 */
export class Client extends WatchCalls {
  readonly #runtime: Runtime
  readonly #servers: readonly Address[]

  /**
   * @throws ConnectStringError for a connect string that cannot be understood
   * @throws RangeError for an option out of its range
   */
  constructor(options: ClientOptions = {}) {
    checkOptions(options)
    const { servers = '127.0.0.1:2181' } = options
    const target = typeof servers === 'string' ? parseConnectString(servers) : { servers, chroot: '' }
    const sessionTimeoutMs = options.sessionTimeoutMs ?? 30_000
    const runtime = options.runtime ?? nodeRuntime()
    const watches = new WatchRegistry()
    const credentials = new Credentials((scheme) => this.emit('authFailed', scheme))
    const session = new Session({
      runtime,
      servers: target.servers,
      sessionTimeoutMs,
      readOnlyAllowed: options.readOnly ?? false,
      exactlyOnce: options.exactlyOnce ?? true,
      requestsMax: options.requestsMax ?? 100_000,
      suspendedTimeoutMs: options.suspendedTimeoutMs ?? sessionTimeoutMs,
      frameBytesMax: options.frameBytesMax ?? 64 * 1024 * 1024,
      watches,
      credentials,
      onState: (state, detail) => this.emit('state', state, detail),
      onWatch: (type, path, zxid) => this.#watchFired(type, path, zxid),
    })
    super(new Calls((request) => session.submit(request), target.chroot), watches, session, credentials)
    this.#servers = target.servers
    this.#runtime = runtime
  }

  /** The folder that is "/" here; empty when it is the servers' own root. */
  get chroot(): string {
    return this.calls.chroot
  }

  get state(): ClientState {
    return this.session.state
  }

  /** 0n before the first connection. It is the `ephemeralOwner` of the ephemeral nodes made here. */
  get sessionId(): bigint {
    return this.session.sessionId
  }

  /** The session timeout in force: as granted by the server, once connected. */
  get sessionTimeoutMs(): number {
    return this.session.timeoutMs
  }

  /** Whether the ensemble takes every write of this session exactly once. */
  get exactlyOnce(): boolean {
    return this.session.exactlyOnce
  }

  /** The newest transaction that a reply has told of. */
  get lastZxid(): number {
    return this.session.lastZxid
  }

  /** The server that it is connected to; null when it is not. */
  get server(): Address | null {
    return this.session.server
  }

  /**
   * Begins a session: the first one, or a new one after the last one expired.
   *
   * @param options.timeoutMs how long to look for a server before giving up (default: 30,000)
   * @returns when a server has taken the client in
   * @throws ZkError `connectionLoss` when none did in time; the client is closed then
   */
  async connect(options: { timeoutMs?: number } = {}): Promise<void> {
    const timeoutMs = options.timeoutMs ?? 30_000
    if (this.state === 'idle' || this.state === 'expired') this.session.start()
    const timer = this.#runtime.timers.after(timeoutMs, () => {
      this.session.abandon(this.session.lastFault)
    })
    try {
      await this.connected()
    } catch (error) {
      if (!ZkError.is(error, 'closing')) throw error
      const names = this.#servers.map(formatAddress).join(', ')
      throw new ZkError(
        ErrorCode.connectionLoss,
        null,
        `no server of ${names} could be reached within ${timeoutMs} ms; the last try: ${this.session.lastFault ?? 'no answer'}`,
      )
    } finally {
      timer.cancel()
    }
  }

  /**
   * Resolves when the client is connected: at once, or later.
   *
   * @throws ZkError `sessionExpired` or `closing` when that cannot happen any more
   */
  connected(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settled = (state: ClientState): boolean => {
        if (state === 'connected' || state === 'readonly') resolve()
        else if (state === 'expired') reject(new ZkError(ErrorCode.sessionExpired))
        else if (state === 'closed') reject(new ZkError(ErrorCode.closing))
        else return false
        return true
      }
      if (settled(this.state)) return
      const off = this.on('state', (state) => {
        if (settled(state)) off()
      })
    })
  }

  /**
   * Ends the session, and with it the ephemeral nodes, after all calls made so far. Later calls reject with `closing`.
   *
   * @returns when the server has confirmed it, or cannot be asked
   */
  close(): Promise<void> {
    return this.session.close()
  }

  /** Begins a transaction: writes that take effect all together or not at all. See `Transaction`. */
  transaction(): Transaction {
    return new Transaction(this.calls)
  }

  /**
   * Reads several znodes in one request, as of one moment. Each may fail by itself. Servers know it since 3.6.
   *
   * @returns one result for each, in their order
   * @example const [config, hosts] = await client.multiRead([
   *   { type: 'get', path: '/config' },
   *   { type: 'children', path: '/hosts' },
   * ])
   */
  multiRead(reads: readonly ReadOperation[]): Promise<ReadResult[]> {
    return multiRead(this.calls, reads)
  }

  /**
   * Follows a znode for as long as it is wanted: an async iterable of its changes, over reconnects. For a single change, see
   * the `watch` option of `get`, `exists` and `getChildren`; for single events of a whole subtree, `addWatch`.
   */
  watch(path: string, options: WatcherOptions = {}): Watcher {
    return new Watcher(this, path, options)
  }

  #watchFired(type: number, serverPath: string, zxid: number): void {
    const name = eventNames.get(type)
    if (name === undefined) return
    const event: WatchEvent = { type: name, path: this.calls.clientPath(serverPath), zxid }
    for (const listener of this.watches.fired(name, serverPath)) callListener(() => listener(event))
    this.emit('watch', event)
  }
}
