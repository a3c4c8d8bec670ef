import type { ApplyListener } from '../../src/tree/apply-listener.ts'
import { type ExecuteSettings, usualExecuteSettings } from '../../src/tree/execute/execute-settings.ts'
import { Identities } from '../../src/tree/identities.ts'
import { NodeImage } from '../../src/tree/node-image.ts'
import type { QuotaExcess } from '../../src/tree/quota/quota-check.ts'
import { encodeReapRequest } from '../../src/tree/reaping.ts'
import { ReplicatedState } from '../../src/tree/replicated-state.ts'
import { encodeRequest, RequestEnvelope } from '../../src/tree/request.ts'
import type { Tree } from '../../src/tree/tree.ts'
import type { Znode } from '../../src/tree/znode.ts'
import { zxidOf } from '../../src/tree/zxid.ts'
import { JuteReader } from '../../src/wire/jute-reader.ts'
import { JuteWriter } from '../../src/wire/jute-writer.ts'
import { type MultiOperation, writeMultiRequest } from '../../src/wire/multi.ts'
import { OpCode } from '../../src/wire/opcodes.ts'
import type { Acl, Id } from '../../src/wire/records.ts'
import * as requests from '../../src/wire/requests.ts'
import type { RecordSchema } from '../../src/wire/schema.ts'

/** Everybody may do just this. */
export const worldMay = (perms: number): Acl[] => [{ perms, scheme: 'world', id: 'anyone' }]

export const openAcl: readonly Acl[] = worldMay(31)

/** What a server would send for one request. */
export interface Reply {
  number: number
  zxid: number
  error: number
  body: Buffer
}

export interface Txn {
  zxid: number
  bytes: Buffer
}

export interface RequestOptions {
  session?: number
  identities?: readonly Id[]
  requestId?: number
  /** Which of the session's connections asks; its first one when not given. */
  attachment?: number
  number?: number
  incarnation?: number
}

/** Notes what it is told, as text and replies. */
export class RecordingListener implements ApplyListener {
  readonly events: string[] = []
  readonly replies: Reply[] = []
  wants = true
  #writer = new JuteWriter()
  #open: Omit<Reply, 'body'> | null = null
  readonly #tree: Tree

  constructor(tree: Tree) {
    this.#tree = tree
  }

  nodeCreated(node: Znode, zxid: number): void {
    this.#note(`created ${this.#tree.path(node)}`, zxid)
  }
  nodeDeleted(node: Znode, zxid: number): void {
    this.#note(`deleted ${this.#tree.path(node)}`, zxid)
  }
  nodeDataChanged(node: Znode, zxid: number): void {
    this.#note(`data ${this.#tree.path(node)}`, zxid)
  }
  nodeChildrenChanged(node: Znode, zxid: number): void {
    this.#note(`children ${this.#tree.path(node)}`, zxid)
  }
  sessionCreated(id: number, timeoutMs: number): void {
    this.#note(`session ${timeoutMs}`, id)
  }
  sessionClosed(_id: number, zxid: number): void {
    this.#note('session closed', zxid)
  }
  wantsReply(): boolean {
    return this.wants
  }
  beginReply(number: number, zxid: number, error: number): JuteWriter {
    if (this.#open !== null) throw new Error('a reply inside a reply')
    this.#open = { number, zxid, error }
    this.#writer.reset()
    return this.#writer
  }
  endReply(): void {
    if (this.#open === null) throw new Error('no reply was begun')
    this.replies.push({ ...this.#open, body: Buffer.from(this.#writer.view()) })
    this.events.push(`reply ${this.#open.error}`)
    this.#open = null
  }

  #note(text: string, _zxid: number): void {
    if (this.#open !== null) throw new Error(`${text} inside a reply`)
    this.events.push(text)
  }
}

/** One server's state, with a reign of its own: requests go in, transactions and replies come out. */
export class Harness {
  readonly state: ReplicatedState
  readonly listener: RecordingListener
  readonly server: number
  /** Proposed and not yet applied here. */
  readonly pending: Txn[] = []
  /** Everything ever proposed. */
  readonly history: Txn[] = []
  nextZxid: number
  wallMs = 1_000_000
  #number = 0

  constructor(
    options: {
      server?: number
      epoch?: number
      settings?: Partial<ExecuteSettings>
      onQuotaExcess?: (excess: QuotaExcess) => void
    } = {},
  ) {
    this.state = new ReplicatedState({ ...usualExecuteSettings, ...options.settings }, options.onQuotaExcess)
    this.listener = new RecordingListener(this.state.tree)
    this.server = options.server ?? 1
    this.nextZxid = zxidOf(options.epoch ?? 1, 1)
    this.state.beginReign()
  }

  propose(bytes: Buffer, start: number, end: number): void {
    const entry = { zxid: this.nextZxid++, bytes: Buffer.from(bytes.subarray(start, end)) }
    this.pending.push(entry)
    this.history.push(entry)
  }

  /** Executes without applying. */
  send(opcode: number, body: Buffer, options: RequestOptions = {}): void {
    this.execute(this.encode(opcode, body, options))
  }

  execute(requestBytes: Buffer): void {
    this.wallMs += 10
    this.state.execute(this.server, requestBytes, { wallMs: this.wallMs }, this)
  }

  encode(opcode: number, body: Buffer, options: RequestOptions = {}): Buffer {
    const envelope = new RequestEnvelope()
    envelope.number = options.number ?? ++this.#number
    envelope.incarnation = options.incarnation ?? 1
    envelope.sessionId = options.session ?? 0
    envelope.attachment = options.attachment ?? options.session ?? 0
    envelope.requestId = options.requestId ?? 1
    envelope.opcode = opcode
    envelope.identities = Identities.of(options.identities ?? [])
    const writer = new JuteWriter()
    encodeRequest(writer, envelope, body, 0, body.length)
    return writer.take()
  }

  /** The leader asks for the end of a node as it is applied now. */
  reap(path: string, neverUsedMs = 0): void {
    this.execute(this.encodeReap(path, neverUsedMs))
  }

  encodeReap(path: string, neverUsedMs = 0): Buffer {
    const node = this.state.tree.find(path)
    if (node === undefined) throw new Error(`no node ${path}`)
    const writer = new JuteWriter()
    encodeReapRequest(writer, this.state.tree, node, neverUsedMs)
    return writer.take()
  }

  applyAll(count = Number.POSITIVE_INFINITY): void {
    for (let i = 0; i < count; i++) {
      const txn = this.pending.shift()
      if (txn === undefined) return
      const lent = Buffer.from(txn.bytes)
      this.state.apply(txn.zxid, lent, this.listener)
      lent.fill(0xff)
    }
  }

  /** Executes, applies, and hands over the reply. */
  run(opcode: number, body: Buffer, options: RequestOptions = {}): Reply {
    const before = this.listener.replies.length
    this.send(opcode, body, options)
    this.applyAll()
    const reply = this.listener.replies[before]
    if (reply === undefined) throw new Error('no reply')
    return reply
  }

  newSession(options: { timeoutMs?: number; window?: number; fill?: number } = {}): number {
    const body = encode(requests.CreateSessionRequest, {
      timeoutMs: options.timeoutMs ?? 10_000,
      password: Buffer.alloc(16, options.fill ?? 7),
      exactlyOnceWindow: options.window ?? 0,
    })
    return this.run(OpCode.createSession, body).zxid
  }

  /** Puts a node in as a snapshot would: for what takes too long to bring about. */
  plant(path: string, field: number, value: number): void {
    const image = new NodeImage()
    image.setInt(field, value)
    image.setPath(path)
    this.state.tree.insert(image)
    if (this.state.tree.settle() !== null) throw new Error(`no place for ${path}`)
  }

  stat(path: string) {
    const node = this.state.tree.find(path)
    if (node === undefined) return undefined
    const writer = new JuteWriter()
    this.state.tree.writeStat(node, writer)
    return requests.StatResponse.read(new JuteReader(writer.view())).stat
  }

  data(path: string): string | null | undefined {
    const node = this.state.tree.find(path)
    if (node === undefined) return undefined
    return this.state.tree.data(node)?.toString('latin1') ?? null
  }
}

export function encode<T>(schema: RecordSchema<T>, value: T): Buffer {
  const writer = new JuteWriter()
  schema.write(writer, value)
  return writer.take()
}

export const createBody = (
  path: string,
  options: { data?: string | null; acl?: readonly Acl[] | null; flags?: number } = {},
) =>
  encode(requests.CreateRequest, {
    path,
    data: options.data === null ? null : Buffer.from(options.data ?? ''),
    acl: options.acl === undefined ? openAcl : options.acl,
    flags: options.flags ?? 0,
  })
export function createTtlBody(path: string, flags: number, ttlMs: number | bigint, data = ''): Buffer {
  const ttl = Buffer.alloc(8)
  ttl.writeBigInt64BE(BigInt(ttlMs))
  return Buffer.concat([createBody(path, { flags, data }), ttl])
}
export const deleteBody = (path: string, version = -1) => encode(requests.DeleteRequest, { path, version })
export const setDataBody = (path: string, data: string | null, version = -1) =>
  encode(requests.SetDataRequest, { path, data: data === null ? null : Buffer.from(data), version })
export const setAclBody = (path: string, acl: readonly Acl[] | null, version = -1) =>
  encode(requests.SetAclRequest, { path, acl, version })
export const noBody = Buffer.alloc(0)

export function multiBody(operations: readonly MultiOperation[]): Buffer {
  const writer = new JuteWriter()
  writeMultiRequest(writer, operations)
  return writer.take()
}

export const op = {
  create: (path: string, flags = 0, acl: readonly Acl[] | null = openAcl): MultiOperation => ({
    type: OpCode.create,
    path,
    data: Buffer.alloc(0),
    acl,
    flags,
  }),
  create2: (path: string, flags = 0): MultiOperation => ({
    type: OpCode.create2,
    path,
    data: Buffer.alloc(0),
    acl: openAcl,
    flags,
  }),
  createContainer: (path: string, flags = 4): MultiOperation => ({
    type: OpCode.createContainer,
    path,
    data: Buffer.alloc(0),
    acl: openAcl,
    flags,
  }),
  createTtl: (path: string, ttlMs: number, flags = 5): MultiOperation => ({
    type: OpCode.createTtl,
    path,
    data: Buffer.alloc(0),
    acl: openAcl,
    flags,
    ttlMs,
  }),
  delete: (path: string, version = -1): MultiOperation => ({ type: OpCode.delete, path, version }),
  setData: (path: string, data: string, version = -1): MultiOperation => ({
    type: OpCode.setData,
    path,
    data: Buffer.from(data),
    version,
  }),
  check: (path: string, version = -1): MultiOperation => ({ type: OpCode.check, path, version }),
}

export async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const collected: Buffer[] = []
  for await (const chunk of chunks) collected.push(chunk)
  return collected
}

/** Each chunk is lent until the next one is asked for, and spoilt then. */
export async function* chunksOf(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) {
    const lent = Buffer.from(chunk)
    yield lent
    lent.fill(0xff)
  }
}

/** A harness in which one session asks. */
export class SessionHarness extends Harness {
  readonly session = this.newSession()

  ask(opcode: number, body: Buffer): Reply {
    return this.run(opcode, body, { session: this.session })
  }

  create(path: string, options: Parameters<typeof createBody>[1] = {}): Reply {
    return this.ask(OpCode.create, createBody(path, options))
  }
}

export const pathOf = (reply: Reply) => requests.PathResponse.read(new JuteReader(reply.body)).path
export const statOf = (reply: Reply) => requests.StatResponse.read(new JuteReader(reply.body)).stat
