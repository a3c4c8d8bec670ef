import type { Connection } from '../../../src/runtime/network.ts'
import type { SimEnsemble } from '../../../src/sim/sim-ensemble.ts'
import { FrameSplitter } from '../../../src/wire/frame-splitter.ts'
import { JuteReader } from '../../../src/wire/jute-reader.ts'
import type { JuteWriter } from '../../../src/wire/jute-writer.ts'
import { OpCode } from '../../../src/wire/opcodes.ts'
import { acls } from '../../../src/wire/records.ts'
import { connectBody, frameOf, openAcl, requestBody } from '../../server/raw-client.ts'

const frameBytesMax = 1024 * 1024

/** A client of one server that asks by bytes, one request after the other, and learns the error code of each answer. */
export class AskingClient {
  readonly #socket: Connection
  #xid = 0
  #established: () => void = () => {}
  #answered: ((error: number) => void)[] = []
  #connected = false

  private constructor(socket: Connection) {
    this.#socket = socket
    const splitter = new FrameSplitter(frameBytesMax)
    socket.setHandlers({
      onData: (bytes) => splitter.push(bytes, (frame) => this.#take(frame)),
      onClose: () => {},
    })
  }

  static async connect(ensemble: SimEnsemble, server: number, name: string): Promise<AskingClient> {
    const { runtime } = ensemble.world.host(name)
    const { world } = ensemble
    const socket = await world.settle(runtime.network.connect({ host: `s${server}`, port: 2181 }, 1000))
    const client = new AskingClient(socket)
    const established = new Promise<void>((resolve) => {
      client.#established = resolve
    })
    socket.write(frameOf(connectBody({ timeoutMs: 20_000 })))
    await world.settle(established)
    return client
  }

  ask(opcode: number, write: (body: JuteWriter) => void): Promise<number> {
    this.#socket.write(frameOf(requestBody(++this.#xid, opcode, write)))
    return new Promise((resolve) => this.#answered.push(resolve))
  }

  create(path: string, opcode: number = OpCode.create, flags = 0, ttlMs?: number): Promise<number> {
    return this.ask(opcode, (body) => {
      acls.write(body.string(path).buffer(null), openAcl)
      body.int(flags)
      if (ttlMs !== undefined) body.long(ttlMs)
    })
  }

  container(path: string): Promise<number> {
    return this.create(path, OpCode.createContainer, 4)
  }

  set(path: string): Promise<number> {
    return this.ask(OpCode.setData, (body) => body.string(path).buffer(null).int(-1))
  }

  exists(path: string): Promise<number> {
    return this.ask(OpCode.exists, (body) => body.string(path).bool(false))
  }

  delete(path: string): Promise<number> {
    return this.ask(OpCode.delete, (body) => body.string(path).int(-1))
  }

  #take(frame: Buffer): void {
    if (!this.#connected) {
      this.#connected = true
      this.#established()
      return
    }
    const reader = new JuteReader(frame)
    const xid = reader.int()
    reader.long()
    if (xid < 0) return
    this.#answered.shift()?.(reader.int())
  }
}
