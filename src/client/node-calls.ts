import { OpCode } from '../wire/opcodes.ts'
import {
  CreateRequest,
  CreateTtlRequest,
  DeleteRequest,
  GetAllChildrenNumberResponse,
  GetChildren2Response,
  GetChildrenResponse,
  GetDataResponse,
  GetEphemeralsRequest,
  GetEphemeralsResponse,
  PathRequest,
  PathResponse,
  PathStatResponse,
  SetDataRequest,
  StatResponse,
  SyncRequest,
  WatchableRequest,
} from '../wire/requests.ts'
import type { RecordSchema } from '../wire/schema.ts'
import { badArguments, createFields, dataBytes, versionOf } from './arguments.ts'
import type { Calls, ReplyReading } from './calls.ts'
import type { ClientEvents, WatchOption } from './client-options.ts'
import { Emitter } from './emitter.ts'
import { encodeRequest } from './encode-request.ts'
import { parentOf } from './paths.ts'
import { createRecursive, deleteRecursive, ensurePath, walk } from './recursive.ts'
import type { CreateOptions, NodeData, Stat, VersionOptions } from './types.ts'
import type { WatchKind, WatchRegistry } from './watch-registry.ts'
import type { ZkError } from './zk-error.ts'

type CreateBody = Parameters<typeof CreateTtlRequest.write>[1]

/** Calls that make, read, change and remove znodes. */
export class NodeCalls extends Emitter<ClientEvents> {
  protected readonly calls: Calls
  protected readonly watches: WatchRegistry

  constructor(calls: Calls, watches: WatchRegistry) {
    super()
    this.calls = calls
    this.watches = watches
  }

  /**
   * Creates a znode. Its parent must exist (see `createRecursive`).
   *
   * @returns its path; for a sequential one, with the number that the server appended
   * @throws ZkError `nodeExists`, `noNode` (no parent), `noChildrenForEphemerals`, `noAuth`, `invalidAcl`, `quotaExceeded`,
   *   `badArguments` (options that contradict each other)
   * @example await client.create('/locks/lock-', null, { ephemeral: true, sequential: true })
   * @example await client.create('/cache/answer', '42', { ttlMs: 60_000 })
   */
  create(path: string, data: NodeData = null, options: CreateOptions = {}): Promise<string> {
    return this.#create(OpCode.create, path, data, options, {
      // The replies that also carry a stat begin alike.
      decode: (reader) => this.calls.clientPath(PathResponse.read(reader).path),
    })
  }

  /** As `create`, with the new node's stat. Servers older than 3.5 do not know it. */
  createWithStat(
    path: string,
    data: NodeData = null,
    options: CreateOptions = {},
  ): Promise<{ path: string; stat: Stat }> {
    return this.#create(OpCode.create2, path, data, options, {
      decode: (reader) => {
        const reply = PathStatResponse.read(reader)
        return { path: this.calls.clientPath(reply.path), stat: reply.stat }
      },
    })
  }

  /**
   * Reads a znode.
   *
   * @param options.watch fires when the data is set or the node is deleted
   * @throws ZkError `noNode`, `noAuth`
   */
  get(path: string, options: WatchOption = {}): Promise<{ data: Buffer | null; stat: Stat }> {
    return this.#watchable(OpCode.getData, 'data', path, options, {
      decode: (reader) => {
        const { data, stat } = GetDataResponse.read(reader)
        // A copy: the view would keep a whole piece of network input alive.
        return { data: data === null ? null : Buffer.from(data), stat }
      },
    })
  }

  /**
   * Replaces the data of a znode.
   *
   * @returns its new stat
   * @throws ZkError `noNode`, `badVersion`, `noAuth`, `quotaExceeded`
   */
  set(path: string, data: NodeData, options: VersionOptions = {}): Promise<Stat> {
    return this.calls.about({
      opcode: OpCode.setData,
      path,
      isWrite: true,
      schema: SetDataRequest,
      body: (server) => ({ path: server, data: dataBytes(data), version: versionOf(options) }),
      decode: (reader) => StatResponse.read(reader).stat,
    })
  }

  /**
   * Looks whether a znode is there.
   *
   * @param options.watch fires when it is created, when its data is set, or when it is deleted
   * @returns its stat; null when it does not exist
   * @throws ZkError `noAuth`
   */
  exists(path: string, options: WatchOption = {}): Promise<Stat | null> {
    return this.#watchable<Stat | null>(OpCode.exists, 'data', path, options, {
      decode: (reader) => StatResponse.read(reader).stat,
      onMissing: () => {
        if (options.watch !== undefined) {
          this.watches.file('exist', this.calls.serverPath(path), options.watch)
        }
        return null
      },
    })
  }

  /**
   * Lists the names of a znode's children, in no particular order.
   *
   * @param options.watch fires when a child comes or goes, or when the node itself is deleted
   * @throws ZkError `noNode`, `noAuth`
   */
  getChildren(path: string, options: WatchOption = {}): Promise<string[]> {
    return this.#watchable(OpCode.getChildren, 'child', path, options, {
      decode: (reader) => [...(GetChildrenResponse.read(reader).children ?? [])],
    })
  }

  /** As `getChildren`, with the stat of the node itself. */
  getChildrenWithStat(path: string, options: WatchOption = {}): Promise<{ children: string[]; stat: Stat }> {
    return this.#watchable(OpCode.getChildren2, 'child', path, options, {
      decode: (reader) => {
        const { children, stat } = GetChildren2Response.read(reader)
        return { children: [...(children ?? [])], stat }
      },
    })
  }

  /**
   * Counts everything below a znode: its children, their children, and so on.
   *
   * @throws ZkError `noNode`, `noAuth`
   */
  getAllChildrenNumber(path: string): Promise<number> {
    return this.calls.about({
      opcode: OpCode.getAllChildrenNumber,
      path,
      isWrite: false,
      schema: PathRequest,
      body: (server) => ({ path: server }),
      decode: (reader) => GetAllChildrenNumberResponse.read(reader).totalNumber,
    })
  }

  /**
   * Lists the paths of this session's ephemeral nodes, in no particular order.
   *
   * @param prefix what the paths begin with, in the middle of a name too. Default: all.
   */
  getEphemerals(prefix = '/'): Promise<string[]> {
    if (!prefix.startsWith('/')) {
      return Promise.reject(badArguments(`the prefix ${JSON.stringify(prefix)} does not start with "/"`))
    }
    const { chroot } = this.calls
    const frame = encodeRequest(OpCode.getEphemerals, GetEphemeralsRequest, { prefixPath: chroot + prefix })
    return this.calls.send(null, false, frame, {
      decode: (reader) => {
        const paths = GetEphemeralsResponse.read(reader).ephemerals ?? []
        return paths.map((path) => this.calls.clientPath(path))
      },
    })
  }

  /**
   * Deletes a znode that has no children (see `deleteRecursive`).
   *
   * @throws ZkError `noNode`, `notEmpty`, `badVersion`, `noAuth`
   */
  delete(path: string, options: VersionOptions = {}): Promise<void> {
    return this.calls.about({
      opcode: OpCode.delete,
      path,
      isWrite: true,
      schema: DeleteRequest,
      body: (server) => ({ path: server, version: versionOf(options) }),
      decode: () => undefined,
    })
  }

  /**
   * Waits until the connected server has caught up with the leader. Reads behind it see everything that was acknowledged to
   * anybody before the call.
   */
  sync(path = '/'): Promise<void> {
    return this.calls.about({
      opcode: OpCode.sync,
      path,
      isWrite: false,
      schema: SyncRequest,
      body: (server) => ({ path: server }),
      decode: () => undefined,
    })
  }

  /**
   * As `create`, and creates those of its ancestors that are missing, as persistent nodes without data; with a chroot, those
   * above the chroot too.
   */
  createRecursive(path: string, data: NodeData = null, options: CreateOptions = {}): Promise<string> {
    return createRecursive(this, path, data, options, () => {
      if (path !== '/') return this.ensurePath(parentOf(path))
      return this.outsideChroot().ensurePath(parentOf(this.calls.chroot))
    })
  }

  /** Creates a persistent node without data, and its ancestors, unless they are there already. */
  ensurePath(path: string): Promise<void> {
    const { chroot } = this.calls
    return ensurePath(this, path, () =>
      chroot === '' ? Promise.resolve() : this.outsideChroot().ensurePath(chroot),
    )
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

  /**
   * All paths below a znode and its own, parents before their children. What is deleted meanwhile is left out.
   *
   * @param onUnreadable told of each `noAuth` below the first znode; the walk goes on, without what is below there. When
   *   missing, the walk ends with the first one.
   * @throws ZkError `noNode`, `noAuth`
   */
  walk(path: string, onUnreadable?: (error: ZkError) => void): AsyncGenerator<string, void, void> {
    return walk(this, path, onUnreadable)
  }

  /** The same session with the servers' own paths. */
  protected outsideChroot(): NodeCalls {
    return this.calls.chroot === '' ? this : new NodeCalls(this.calls.outside(), this.watches)
  }

  /** @param plainOpcode for nodes that need no request of their own */
  #create<T>(
    plainOpcode: number,
    path: string,
    data: NodeData,
    options: CreateOptions,
    reading: ReplyReading<T>,
  ): Promise<T> {
    let fields: ReturnType<typeof createFields>
    try {
      fields = createFields(options)
    } catch (error) {
      return Promise.reject(error)
    }
    const { opcode, acl, flags, ttlMs } = fields
    const schema: Pick<RecordSchema<CreateBody>, 'write'> = opcode === OpCode.createTtl
      ? CreateTtlRequest
      : CreateRequest
    return this.calls.about({
      ...reading,
      opcode: opcode === OpCode.create ? plainOpcode : opcode,
      path,
      isWrite: true,
      schema,
      body: (server): CreateBody => ({ path: server, data: dataBytes(data), acl, flags, ttlMs }),
      sequential: options.sequential,
    })
  }

  /** A read that may leave a watch, which is filed when the reply is handled. */
  #watchable<T>(
    opcode: number,
    kind: WatchKind,
    path: string,
    options: WatchOption,
    reading: ReplyReading<T>,
  ): Promise<T> {
    const { watch } = options
    const call = {
      opcode,
      path,
      isWrite: false,
      schema: WatchableRequest,
      body: (server: string) => ({ path: server, watch: watch !== undefined }),
    }
    if (watch === undefined) return this.calls.about({ ...call, ...reading })
    let armed = (): void => {}
    return this.calls
      .about({
        ...call,
        body: (server) => {
          armed = this.watches.arm(server)
          return call.body(server)
        },
        decode: (reader) => {
          const result = reading.decode(reader)
          this.watches.file(kind, this.calls.serverPath(path), watch)
          return result
        },
        onMissing: reading.onMissing,
      })
      .finally(() => armed())
  }
}
