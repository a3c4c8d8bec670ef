import type { Address } from '../runtime/network.ts'
import { nodeRuntime } from '../runtime/node-runtime.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { DecodeError } from '../wire/decode-error.ts'
import { ErrorCode } from '../wire/error-codes.ts'
import { EventType } from '../wire/event-types.ts'
import type { JuteReader } from '../wire/jute-reader.ts'
import { readMultiResponse, writeMultiRequest } from '../wire/multi.ts'
import { OpCode } from '../wire/opcodes.ts'
import {
  CreateRequest,
  DeleteRequest,
  GetAclResponse,
  GetChildren2Response,
  GetChildrenResponse,
  GetDataResponse,
  PathRequest,
  PathResponse,
  PathStatResponse,
  SetAclRequest,
  SetDataRequest,
  StatResponse,
  SyncRequest,
  WatchableRequest,
} from '../wire/requests.ts'
import type { RecordSchema } from '../wire/schema.ts'
import { checkPath, createFlags, dataBytes } from './arguments.ts'
import type { ClientEvents, ClientOptions, WatchOption } from './client-options.ts'
import { formatAddress, parseConnectString } from './connect-string.ts'
import { Credentials } from './credentials.ts'
import { callListener, Emitter } from './emitter.ts'
import { encodeRequest } from './encode-request.ts'
import { withChroot, withoutChroot } from './paths.ts'
import { PendingRequest } from './pending-request.ts'
import { createRecursive, deleteRecursive, ensurePath, walk } from './recursive.ts'
import { Session } from './session.ts'
import { Transaction } from './transaction.ts'
import type { Acl, ClientState, CreateOptions, NodeData, Stat, VersionOptions } from './types.ts'
import { openAcl } from './types.ts'
import type { WatchEvent, WatchKind, WatchListener } from './watch-registry.ts'
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
export class Client extends Emitter<ClientEvents> {
  readonly #session: Session
  readonly #runtime: Runtime
  readonly #servers: readonly Address[]
  readonly #chroot: string
  readonly #watches = new WatchRegistry()
  readonly #credentials = new Credentials()

  /** @throws ConnectStringError for a connect string that cannot be understood. */
  constructor(options: ClientOptions = {}) {
    super()
    const { servers = '127.0.0.1:2181' } = options
    const target = typeof servers === 'string' ? parseConnectString(servers) : { servers, chroot: '' }
    const sessionTimeoutMs = options.sessionTimeoutMs ?? 30_000
    this.#servers = target.servers
    this.#chroot = target.chroot
    this.#runtime = options.runtime ?? nodeRuntime()
    this.#session = new Session({
      runtime: this.#runtime,
      servers: target.servers,
      sessionTimeoutMs,
      readOnlyAllowed: options.readOnly ?? false,
      exactlyOnce: options.exactlyOnce ?? true,
      requestsMax: options.requestsMax ?? 100_000,
      suspendedTimeoutMs: options.suspendedTimeoutMs ?? sessionTimeoutMs,
      frameBytesMax: options.frameBytesMax ?? 64 * 1024 * 1024,
      watches: this.#watches,
      credentials: this.#credentials,
      onState: (state, detail) => this.emit('state', state, detail),
      onWatch: (type, path, zxid) => this.#watchFired(type, path, zxid),
    })
  }

  get state(): ClientState {
    return this.#session.state
  }

  /** 0n before the first connection. It is the `ephemeralOwner` of the ephemeral nodes made here. */
  get sessionId(): bigint {
    return this.#session.sessionId
  }

  /** The session timeout in force: as granted by the server, once connected. */
  get sessionTimeoutMs(): number {
    return this.#session.timeoutMs
  }

  /** Whether the ensemble takes every write of this session exactly once. */
  get exactlyOnce(): boolean {
    return this.#session.exactlyOnce
  }

  /** The newest transaction that a reply has told of. */
  get lastZxid(): number {
    return this.#session.lastZxid
  }

  /** The server that it is connected to; null when it is not. */
  get server(): Address | null {
    return this.#session.server
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
    if (this.state === 'idle' || this.state === 'expired') this.#session.start()
    const timer = this.#runtime.timers.after(timeoutMs, () => {
      this.#session.abandon(this.#session.lastFault)
    })
    try {
      await this.connected()
    } catch (error) {
      if (!ZkError.is(error, 'closing')) throw error
      const names = this.#servers.map(formatAddress).join(', ')
      throw new ZkError(
        ErrorCode.connectionLoss,
        null,
        `no server of ${names} could be reached within ${timeoutMs} ms; the last try: ${this.#session.lastFault ?? 'no answer'}`,
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
    return this.#session.close()
  }

  /**
   * Creates a znode. Its parent must exist (see `createRecursive`).
   *
   * @returns its path; for a sequential one, with the number that the server appended
   * @throws ZkError `nodeExists`, `noNode` (no parent), `noChildrenForEphemerals`, `noAuth`, `invalidAcl`
   * @example await client.create('/locks/lock-', null, { ephemeral: true, sequential: true })
   */
  create(path: string, data: NodeData = null, options: CreateOptions = {}): Promise<string> {
    return this.#create(OpCode.create, path, data, options, (reader) =>
      this.#clientPath(PathResponse.read(reader).path),
    )
  }

  /** As `create`, with the new node's stat. Servers older than 3.5 do not know it. */
  createWithStat(
    path: string,
    data: NodeData = null,
    options: CreateOptions = {},
  ): Promise<{ path: string; stat: Stat }> {
    return this.#create(OpCode.create2, path, data, options, (reader) => {
      const reply = PathStatResponse.read(reader)
      return { path: this.#clientPath(reply.path), stat: reply.stat }
    })
  }

  /**
   * Reads a znode.
   *
   * @param options.watch fires when the data is set or the node is deleted
   * @throws ZkError `noNode`, `noAuth`
   */
  get(path: string, options: WatchOption = {}): Promise<{ data: Buffer | null; stat: Stat }> {
    return this.#watchable(OpCode.getData, 'data', path, options, (reader) => {
      const { data, stat } = GetDataResponse.read(reader)
      // A copy: the view would keep a whole piece of network input alive.
      return { data: data === null ? null : Buffer.from(data), stat }
    })
  }

  /**
   * Replaces the data of a znode.
   *
   * @returns its new stat
   * @throws ZkError `noNode`, `badVersion`, `noAuth`
   */
  set(path: string, data: NodeData, options: VersionOptions = {}): Promise<Stat> {
    return this.#call(path, OpCode.setData, true, SetDataRequest, (server) => ({
      path: server,
      data: dataBytes(data),
      version: options.version ?? -1,
    }))((reader) => StatResponse.read(reader).stat)
  }

  /**
   * Looks whether a znode is there.
   *
   * @param options.watch fires when it is created, when its data is set, or when it is deleted
   * @returns its stat; null when it does not exist
   */
  exists(path: string, options: WatchOption = {}): Promise<Stat | null> {
    return this.#watchable(
      OpCode.exists,
      'data',
      path,
      options,
      (reader): Stat | null => StatResponse.read(reader).stat,
      () => {
        if (options.watch !== undefined) this.#watches.file('exist', this.#serverPath(path), options.watch)
        return null
      },
    )
  }

  /**
   * Lists the names of a znode's children, in no particular order.
   *
   * @param options.watch fires when a child comes or goes, or when the node itself is deleted
   * @throws ZkError `noNode`, `noAuth`
   */
  getChildren(path: string, options: WatchOption = {}): Promise<string[]> {
    return this.#watchable(OpCode.getChildren, 'child', path, options, (reader) => [
      ...(GetChildrenResponse.read(reader).children ?? []),
    ])
  }

  /** As `getChildren`, with the stat of the node itself. */
  getChildrenWithStat(path: string, options: WatchOption = {}): Promise<{ children: string[]; stat: Stat }> {
    return this.#watchable(OpCode.getChildren2, 'child', path, options, (reader) => {
      const { children, stat } = GetChildren2Response.read(reader)
      return { children: [...(children ?? [])], stat }
    })
  }

  /**
   * Deletes a znode that has no children (see `deleteRecursive`).
   *
   * @throws ZkError `noNode`, `notEmpty`, `badVersion`, `noAuth`
   */
  delete(path: string, options: VersionOptions = {}): Promise<void> {
    return this.#call(path, OpCode.delete, true, DeleteRequest, (server) => ({
      path: server,
      version: options.version ?? -1,
    }))(() => undefined)
  }

  /** @throws ZkError `noNode`, `noAuth` */
  getAcl(path: string): Promise<{ acl: Acl[]; stat: Stat }> {
    return this.#call(path, OpCode.getAcl, false, PathRequest, (server) => ({ path: server }))((reader) => {
      const { acl, stat } = GetAclResponse.read(reader)
      return {
        acl: (acl ?? []).map(({ perms, scheme, id }) => ({ perms, scheme: scheme ?? '', id: id ?? '' })),
        stat,
      }
    })
  }

  /**
   * Replaces the access control list of a znode.
   *
   * @param options.version is compared with the stat's `aversion`
   * @throws ZkError `noNode`, `badVersion`, `invalidAcl`, `noAuth`
   */
  setAcl(path: string, acl: readonly Acl[], options: VersionOptions = {}): Promise<Stat> {
    return this.#call(path, OpCode.setAcl, true, SetAclRequest, (server) => ({
      path: server,
      acl,
      version: options.version ?? -1,
    }))((reader) => StatResponse.read(reader).stat)
  }

  /**
   * Waits until the connected server has caught up with the leader. Reads behind it see everything that was acknowledged to
   * anybody before the call.
   */
  sync(path = '/'): Promise<void> {
    return this.#call(path, OpCode.sync, false, SyncRequest, (server) => ({ path: server }))(() => undefined)
  }

  /** Begins a transaction: writes that take effect all together or not at all. See `Transaction`. */
  transaction(): Transaction {
    return new Transaction({
      serverPath: (path, sequential) => {
        checkPath(path, sequential)
        return this.#serverPath(path)
      },
      clientPath: (path) => this.#clientPath(path),
      commit: (operations) => {
        const frame = encodeRequest(OpCode.multi, { write: writeMultiRequest }, operations)
        return this.#send(null, true, frame, readMultiResponse)
      },
    })
  }

  /**
   * Follows a znode for as long as it is wanted: an async iterable of its changes, over reconnects. For a single change, see
   * the `watch` option of `get`, `exists` and `getChildren`.
   */
  watch(path: string, options: WatcherOptions = {}): Watcher {
    return new Watcher(this, path, options)
  }

  /** Forgets a listener that was given as a `watch` option and has not been called. */
  unwatch(path: string, listener: WatchListener): void {
    const server = this.#serverPath(path)
    for (const kind of ['data', 'exist', 'child'] as const) this.#watches.remove(kind, server, listener)
  }

  /**
   * Proves an identity to the servers, on this and all later connections: for ACLs of that scheme.
   *
   * @throws ZkError `authFailed`; the server has closed the connection then, and the client comes back without it
   * @example await client.addAuth('digest', 'user:password')
   */
  addAuth(scheme: string, auth: Uint8Array | string): Promise<void> {
    const added = this.#credentials.add(scheme, typeof auth === 'string' ? Buffer.from(auth) : auth)
    this.#session.sendCredential()
    return added
  }

  /** As `create`, and creates those of its ancestors that are missing, as persistent nodes without data. */
  createRecursive(path: string, data: NodeData = null, options: CreateOptions = {}): Promise<string> {
    return createRecursive(this, path, data, options)
  }

  /** Creates a persistent node without data, and its ancestors, unless they are there already. */
  ensurePath(path: string): Promise<void> {
    return ensurePath(this, path)
  }

  /**
   * Deletes a znode and everything below it; of "/", everything but the servers' own "/zookeeper". It is not atomic: others
   * see it happen, and what they create meanwhile is deleted too.
   *
   * @returns how many znodes were deleted
   * @throws ZkError `noNode`, `noAuth`
   */
  deleteRecursive(path: string): Promise<number> {
    return deleteRecursive(this, path)
  }

  /** All paths below a znode and its own, parents before their children. What is deleted meanwhile is left out. */
  walk(path: string): AsyncGenerator<string, void, void> {
    return walk(this, path)
  }

  #create<T>(
    opcode: number,
    path: string,
    data: NodeData,
    options: CreateOptions,
    decode: (reader: JuteReader) => T,
  ): Promise<T> {
    return this.#call(
      path,
      opcode,
      true,
      CreateRequest,
      (server) => ({
        path: server,
        data: dataBytes(data),
        acl: options.acl ?? openAcl,
        flags: createFlags(options),
      }),
      options.sequential === true,
    )(decode)
  }

  /** A read that may leave a watch, which is filed when the reply is handled. */
  #watchable<T>(
    opcode: number,
    kind: WatchKind,
    path: string,
    options: WatchOption,
    decode: (reader: JuteReader) => T,
    onMissing?: () => T,
  ): Promise<T> {
    const { watch } = options
    return this.#call(path, opcode, false, WatchableRequest, (server) => ({
      path: server,
      watch: watch !== undefined,
    }))((reader) => {
      const result = decode(reader)
      if (watch !== undefined) this.#watches.file(kind, this.#serverPath(path), watch)
      return result
    }, onMissing)
  }

  /** Encodes a request about a path; what it returns sends it, given how to read the reply. */
  #call<Body>(
    path: string,
    opcode: number,
    isWrite: boolean,
    schema: RecordSchema<Body>,
    body: (serverPath: string) => Body,
    sequential = false,
  ): <T>(decode: (reader: JuteReader) => T, onMissing?: () => T) => Promise<T> {
    try {
      checkPath(path, sequential)
    } catch (error) {
      return () => Promise.reject(error)
    }
    const frame = encodeRequest(opcode, schema, body(this.#serverPath(path)))
    return (decode, onMissing) => this.#send(path, isWrite, frame, decode, onMissing)
  }

  #send<T>(
    path: string | null,
    isWrite: boolean,
    frame: Buffer,
    decode: (reader: JuteReader) => T,
    onMissing?: () => T,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const onReply = (errorCode: number, _zxid: number, body: JuteReader): void => {
        try {
          if (errorCode === ErrorCode.ok) resolve(decode(body))
          else if (errorCode === ErrorCode.noNode && onMissing !== undefined) resolve(onMissing())
          else reject(new ZkError(errorCode, path))
        } catch (error) {
          reject(
            error instanceof DecodeError
              ? new ZkError(
                  ErrorCode.marshallingError,
                  path,
                  `cannot read the server's reply: ${error.message}`,
                )
              : error,
          )
        }
      }
      this.#session.submit(new PendingRequest({ path, isWrite, frame, end: { onReply, onFailure: reject } }))
    })
  }

  #watchFired(type: number, serverPath: string, zxid: number): void {
    const name = eventNames.get(type)
    if (name === undefined) return
    const event: WatchEvent = { type: name, path: this.#clientPath(serverPath), zxid }
    for (const listener of this.#watches.fired(name, serverPath)) callListener(() => listener(event))
    this.emit('watch', event)
  }

  #serverPath(path: string): string {
    return withChroot(this.#chroot, path)
  }

  #clientPath(path: string): string {
    return withoutChroot(this.#chroot, path)
  }
}
