import { OpCode, SpecialXid } from '../../src/wire/opcodes.ts'
import { Connection, type Frame } from './connection.ts'
import { decodeBody, Reader } from './decode.ts'
import { connectFrame, requestFrame } from './encode.ts'
import { endSession } from './end-session.ts'
import { isPing, type Keeper, pingFrame, zxidOf } from './keeper.ts'
import { isKnown } from './known-opcodes.ts'
import type { ConnectStep, Password, Program, Request, SendStep, Step } from './program.ts'
import { renderStep } from './render.ts'
import type { NodeRecord, Seen, StepRecord, Transcript } from './transcript.ts'

/** Servers to run programs on: one, or the members of an ensemble. */
export interface Target {
  readonly name: string
  readonly ports: readonly number[]
}

interface Session {
  readonly id: bigint
  readonly password: Buffer
}

interface Client {
  connection: Connection | null
  server: number
  xid: number
  session: Session | null
  /** Requests of this step that have no reply yet. */
  pending: { request: Request; index: number; xid: number }[]
  seen: Seen[]
}

/** Only reached by what is broken. */
const replyTimeoutMs = 5_000
const headerBytes = 16
/** How much of a program an error tells. */
const stepsTold = 12
const farFuture = 0x7fff_ffff_0000_0000n

/**
 * Runs a program, one step at a time over all clients. After each step it waits until every server has applied everything, so
 * that what a step caused is seen within that step: on all connections, and on every server.
 */
export async function run(program: Program, target: Target, keeper: Keeper): Promise<Transcript> {
  const runner = new Runner(target, keeper)
  try {
    return await runner.run(program)
  } finally {
    runner.hangUpAll()
  }
}

class Runner {
  readonly #target: Target
  readonly #keeper: Keeper
  readonly #clients = new Map<number, Client>()
  /** In order of appearance. */
  readonly #sessions = new Map<bigint, Session>()
  readonly #closedSessions = new Set<bigint>()
  /** The highest zxid that had been seen before each step. */
  readonly #zxidBefore: bigint[] = []
  #zxidSeen = 0n

  constructor(target: Target, keeper: Keeper) {
    this.#target = target
    this.#keeper = keeper
  }

  async run(program: Program): Promise<Transcript> {
    await this.#keeper.prepare()
    const baseZxid = await this.#keeper.lastZxid()
    const baseStats = await this.#keeper.lastingStats()
    this.#zxidSeen = baseZxid
    const steps: StepRecord[] = []
    for (const step of program.steps) {
      this.#zxidBefore.push(this.#zxidSeen)
      try {
        await this.#do(step)
        await this.#barrier()
      } catch (error) {
        const done = program.steps.slice(0, steps.length + 1).map((one, i) => `${i} ${renderStep(one)}`)
        throw new Error(`${String(error)}, after:\n${done.slice(-stepsTold).join('\n')}`, { cause: error })
      }
      this.#partAfterUnknown(step)
      steps.push(this.#takeSeen())
    }
    const trees: NodeRecord[][] = [await this.#keeper.tree()]
    await this.#closeSessions()
    trees.push(await this.#keeper.tree())
    return { baseZxid, sessions: [...this.#sessions.keys()], baseStats, steps, trees }
  }

  hangUpAll(): void {
    for (const client of this.#clients.values()) client.connection?.hangUp()
  }

  #client(index: number): Client {
    let client = this.#clients.get(index)
    if (client === undefined) {
      client = { connection: null, server: 0, xid: 0, session: null, pending: [], seen: [] }
      this.#clients.set(index, client)
    }
    return client
  }

  async #do(step: Step): Promise<void> {
    const client = this.#client(step.on)
    const wantsOpen = step.kind !== 'connect'
    if (wantsOpen !== (client.connection !== null)) {
      client.seen.push({ is: 'skipped' })
      return
    }
    if (step.kind === 'send') await this.#send(client, step)
    else if (step.kind === 'connect') await this.#connect(client, step)
    else {
      client.connection?.hangUp()
      client.connection = null
    }
  }

  async #send(client: Client, step: SendStep): Promise<void> {
    const connection = client.connection
    if (connection === null) return
    const frames = step.requests.map((request, index) => {
      client.xid++
      const sent = request.xid ?? client.xid
      const xid = request.opcode === OpCode.ping ? SpecialXid.ping : sent
      client.pending.push({ request, index, xid })
      return requestFrame(sent, request, (before) => this.#zxidBefore[before] ?? this.#zxidSeen)
    })
    connection.write(Buffer.concat(frames))
    await connection.until((received) => repliesIn(received) >= step.requests.length, replyTimeoutMs)
    this.#collect(client)
    const [unanswered] = client.pending
    client.pending = []
    if (unanswered !== undefined && !connection.closed)
      throw new Error(`no answer to request ${unanswered.index} (${unanswered.request.name})`)
  }

  async #connect(client: Client, step: ConnectStep): Promise<void> {
    const server = step.server % this.#target.ports.length
    const wanted = this.#wantedSession(step)
    const connection = await Connection.dial(this.#target.ports[server] ?? 0)
    connection.write(
      connectFrame({
        lastZxid: { none: 0n, seen: this.#zxidSeen, future: farFuture }[step.lastZxid],
        timeoutMs: step.timeoutMs,
        sessionId: wanted?.id ?? 0n,
        password: password(step.password, wanted?.password ?? Buffer.alloc(16)),
        readOnly: step.readOnly,
      }),
    )
    await connection.until((received) => received.length > 0, replyTimeoutMs)
    client.connection = connection
    client.server = server
    client.xid = 0
    client.pending = []
    const [answer, ...more] = connection.take()
    if (answer === undefined) {
      if (!connection.closed) throw new Error('no answer to a connect request')
      client.seen.push({ is: 'closed' })
      this.#lose(client)
      return
    }
    const granted = this.#attached(client, answer)
    for (const frame of more) this.#note(client, frame)
    if (wanted !== null) await this.#supersede(client, wanted.id, server)
    if (granted === null) {
      if (await connection.until(() => false, replyTimeoutMs)) client.seen.push({ is: 'closed' })
      this.#lose(client)
    } else {
      client.session = granted
    }
  }

  #wantedSession(step: ConnectStep): Session | null {
    if (step.session === 'new') return null
    if (step.session === 'stranger') return { id: 0x1234_5678_9abcn, password: Buffer.alloc(16, 7) }
    return this.#client(step.session.of).session ?? { id: 0x1234n, password: Buffer.alloc(16, 7) }
  }

  #attached(client: Client, answer: Frame): Session | null {
    const reader = new Reader(answer)
    const protocol = reader.int()
    const timeoutMs = reader.int()
    const id = reader.long()
    const secret = reader.buffer() ?? Buffer.alloc(0)
    const readOnly = reader.rest().toString('hex')
    const granted = id !== 0n
    const shape = `${secret.length} bytes${secret.equals(Buffer.alloc(secret.length)) ? ', all zero' : ''}`
    client.seen.push({ is: 'attached', protocol, timeoutMs, sessionId: id, password: shape, readOnly })
    if (!granted) return null
    const session = { id, password: Buffer.from(secret) }
    this.#sessions.set(id, session)
    return session
  }

  /** Whatever became of the old connection of a session that was asked for, it goes now: the servers may differ in that. */
  async #supersede(taker: Client, sessionId: bigint, server: number): Promise<void> {
    for (const client of this.#clients.values()) {
      if (client === taker || client.connection === null || client.session?.id !== sessionId) continue
      await this.#pingUntil(client, await this.#keeper.lastZxid())
      const { closed } = client.connection
      client.seen.push({ is: 'superseded', closed, sameServer: client.server === server })
      this.#lose(client)
    }
  }

  #lose(client: Client): void {
    client.connection?.hangUp()
    client.connection = null
  }

  async #barrier(): Promise<void> {
    const reached = await this.#keeper.lastZxid()
    const open = [...this.#clients.values()].filter(({ connection }) => connection !== null)
    await Promise.all([
      this.#keeper.untilApplied(reached),
      ...open.map((client) => this.#pingUntil(client, reached)),
    ])
    for (const client of open) {
      if (client.connection?.closed !== true) continue
      client.seen.push({ is: 'closed' })
      client.connection = null
    }
  }

  /** Until the client's server has applied so much: the events of that have arrived by then. */
  async #pingUntil(client: Client, reached: bigint): Promise<void> {
    const { connection } = client
    const endMs = performance.now() + replyTimeoutMs
    for (;;) {
      this.#collect(client)
      if (connection === null || connection.closed) return
      connection.write(pingFrame)
      const isAnswered = (received: readonly Frame[]): boolean => received.some(isPing)
      const inTime = await connection.until(isAnswered, replyTimeoutMs)
      const frames = connection.take()
      for (const frame of frames) if (!isPing(frame)) this.#note(client, frame)
      if (frames.some((frame) => isPing(frame) && zxidOf(frame) >= reached)) return
      if (!inTime) throw new Error(`no answer to a ping on server ${client.server}`)
      if (performance.now() > endMs)
        throw new Error(`server ${client.server} does not get to zxid ${reached}`)
    }
  }

  #collect(client: Client): void {
    for (const frame of client.connection?.take() ?? []) this.#note(client, frame)
  }

  #note(client: Client, frame: Frame): void {
    const reader = new Reader(frame)
    const xid = reader.int()
    const zxid = reader.long()
    const errorCode = reader.int()
    if (zxid > this.#zxidSeen) this.#zxidSeen = zxid
    if (xid === SpecialXid.notification) {
      const [type, state, path] = [reader.int(), reader.int(), reader.text()]
      client.seen.push({ is: 'event', zxid, errorCode, type, state, path })
      return
    }
    const at = client.pending.findIndex((pending) => pending.xid === xid)
    const [answered] = at < 0 ? [] : client.pending.splice(at, 1)
    if (answered === undefined) {
      client.seen.push({ is: 'stray', xid, zxid, errorCode })
      return
    }
    const { request, index } = answered
    const { name, opcode } = request
    if (opcode === OpCode.closeSession && errorCode === 0 && client.session !== null)
      this.#closedSessions.add(client.session.id)
    const body = decodeBody(opcode, frame.subarray(headerBytes))
    client.seen.push({ is: 'reply', request: index, name, opcode, zxid, errorCode, body })
  }

  /** ZooKeeper closes the connection after an opcode that it does not know. To go on alike, it ends here in any case. */
  #partAfterUnknown(step: Step): void {
    if (step.kind === 'send' && step.requests.some(({ opcode }) => !isKnown(opcode)))
      this.#lose(this.#client(step.on))
  }

  #takeSeen(): StepRecord {
    const seen = new Map<number, Seen[]>()
    for (const [index, client] of this.#clients) {
      if (client.seen.length > 0) seen.set(index, client.seen)
      client.seen = []
    }
    return { seen }
  }

  /** Ends every session that the program left: with it go its ephemeral nodes, and none expires in the middle of a later program. */
  async #closeSessions(): Promise<void> {
    for (const client of this.#clients.values()) this.#lose(client)
    for (const { id, password } of this.#sessions.values())
      if (!this.#closedSessions.has(id)) await endSession(this.#target.ports[0] ?? 0, id, password)
    await this.#keeper.untilApplied(await this.#keeper.lastZxid())
  }
}

function repliesIn(frames: readonly Frame[]): number {
  return frames.filter((frame) => frame.readInt32BE() !== SpecialXid.notification).length
}

function password(kind: Password, right: Buffer): Buffer | null {
  switch (kind) {
    case 'right':
      return right
    case 'wrong':
      return Buffer.alloc(16, 0x5a)
    case 'short':
      return right.subarray(0, 5)
    case 'empty':
      return Buffer.alloc(0)
    case 'null':
      return null
  }
}
