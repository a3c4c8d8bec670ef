import type { Connection } from '../../../src/runtime/network.ts'
import type { SimEnsemble } from '../../../src/sim/sim-ensemble.ts'
import { FrameSplitter } from '../../../src/wire/frame-splitter.ts'
import { JuteReader } from '../../../src/wire/jute-reader.ts'
import { OpCode } from '../../../src/wire/opcodes.ts'
import { acls } from '../../../src/wire/records.ts'
import { connectBody, frameOf, openAcl, requestBody } from '../../server/raw-client.ts'

const frameBytesMax = 1024 * 1024

/** One of the connections that a moving client has had. It stays open, and may be written to, after the client has left it. */
export class Attachment {
  readonly server: number
  /** Paths that it asked to create; those that were answered, with the zxid of the answer. */
  readonly asked: string[] = []
  readonly answered = new Map<string, number>()
  established = false
  refused = false
  closed = false
  readonly #waiting: string[] = []
  #socket: Connection | null = null

  constructor(server: number) {
    this.server = server
  }

  async open(client: MovingClient, ensemble: SimEnsemble): Promise<void> {
    const { runtime } = ensemble.world.host(client.host)
    try {
      this.#socket = await runtime.network.connect({ host: `s${this.server}`, port: 2181 }, 1000)
    } catch {
      this.closed = true
      return
    }
    const splitter = new FrameSplitter(frameBytesMax)
    this.#socket.setHandlers({
      onData: (bytes) => splitter.push(bytes, (frame) => this.#take(client, frame)),
      onClose: () => {
        this.closed = true
      },
    })
    const { sessionId, password } = client
    this.#socket.write(frameOf(connectBody({ sessionId, password, timeoutMs: 20_000 })))
  }

  create(path: string): void {
    if (this.#socket === null || this.closed) return
    this.asked.push(path)
    this.#waiting.push(path)
    const body = requestBody(this.asked.length, OpCode.create, (writer) => {
      acls.write(writer.string(path).buffer(null), openAcl)
      writer.int(0)
    })
    this.#socket.write(frameOf(body))
  }

  close(): void {
    this.#socket?.end()
  }

  #take(client: MovingClient, frame: Buffer): void {
    const reader = new JuteReader(frame)
    if (!this.established) {
      reader.int()
      reader.int()
      const sessionId = reader.long()
      this.established = sessionId !== 0
      this.refused = sessionId === 0
      if (this.established) client.settled(sessionId, Buffer.from(reader.buffer() ?? []))
      return
    }
    reader.int()
    const zxid = reader.long()
    const error = reader.int()
    const path = this.#waiting.shift()
    if (path === undefined || error !== 0) throw new Error(`${path}: answered with ${error}`)
    this.answered.set(path, zxid)
  }
}

/**
 * A client with one session that goes from server to server, and leaves its connections open behind it: the worst that a
 * broken network makes of a good one.
 */
export class MovingClient {
  readonly host: string
  sessionId = 0
  password: Buffer = Buffer.alloc(16)
  /** Every connection that got the session, in that order. */
  readonly attachments: Attachment[] = []
  readonly #ensemble: SimEnsemble
  readonly #name: string
  #next = 0

  constructor(ensemble: SimEnsemble, name: string) {
    this.#ensemble = ensemble
    this.#name = name
    this.host = `moving-${name}`
  }

  settled(sessionId: number, password: Buffer): void {
    this.sessionId = sessionId
    this.password = password
  }

  /** Tries one server; says whether the session is there now. */
  async move(server: number, limitMs = 3000): Promise<boolean> {
    const { world } = this.#ensemble
    const attachment = new Attachment(server)
    void attachment.open(this, this.#ensemble)
    const untilMs = world.nowMs + limitMs
    await world.run({
      until: () => attachment.established || attachment.closed || world.nowMs >= untilMs,
      limitMs: limitMs + 1000,
    })
    if (attachment.refused) throw new Error(`server ${server} refuses the session`)
    if (attachment.established) this.attachments.push(attachment)
    else attachment.close()
    return attachment.established
  }

  /** A create on that connection; the path says on which. */
  write(index: number): void {
    this.attachments[index]?.create(`/${this.#name}/${index}-${this.#next++}`)
  }
}
