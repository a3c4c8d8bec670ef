import { OpCode, SpecialXid } from '../../src/wire/opcodes.ts'
import { Connection, type Frame } from './connection.ts'
import { Reader, type Stat } from './decode.ts'
import { Bytes, connectFrame } from './encode.ts'
import { home, lastingPaths, superCredential } from './program.ts'
import type { NodeRecord } from './transcript.ts'

interface Reply {
  readonly zxid: bigint
  readonly errorCode: number
  readonly body: Reader
}

const timeoutMs = 5_000
const anyone = new Bytes().int(1).int(31).text('world').text('anyone').done()
const reserved = new Set<string>(lastingPaths)

/** The super user's connections, one to each server: sweeps before and after programs, and looks at what they left. */
export class Keeper {
  readonly #ports: readonly number[]
  #connections: Connection[] = []
  #xid = 0

  constructor(ports: readonly number[]) {
    this.#ports = ports
  }

  /** An empty home, and nothing left anywhere else that a program could have changed. */
  async prepare(): Promise<void> {
    await this.#open()
    await this.#sweep()
    const ask = [this.#create(home)]
    for (const path of ['/', '/zookeeper', '/zookeeper/quota'])
      ask.push(this.#request(OpCode.setAcl, new Bytes().text(path).raw(anyone).int(-1)))
    for (const path of ['/', '/zookeeper', '/zookeeper/quota'])
      ask.push(this.#request(OpCode.setData, new Bytes().text(path).buffer(Buffer.alloc(0)).int(-1)))
    const replies = await this.#ask(ask)
    const refused = replies.find(({ errorCode }) => errorCode !== 0)
    if (refused !== undefined)
      throw new Error(`the super user was refused with ${refused.errorCode} while making ${home} ready`)
  }

  /** The last zxid of the whole ensemble. One sync at a time: ZooKeeper 3.8 loses some that come together. */
  async lastZxid(): Promise<bigint> {
    const [reply] = await this.#ask([this.#request(OpCode.sync, new Bytes().text('/'))])
    return reply?.zxid ?? 0n
  }

  async lastingStats(): Promise<Map<string, Stat>> {
    const replies = await this.#ask(
      lastingPaths.map((path) => this.#request(OpCode.exists, new Bytes().text(path).byte(0))),
    )
    return new Map(lastingPaths.map((path, i) => [path, (replies[i] as Reply).body.stat()]))
  }

  /** Until every server has applied so much. */
  async untilApplied(zxid: bigint): Promise<void> {
    await Promise.all(
      this.#connections.map(async (connection, server) => {
        const endMs = performance.now() + timeoutMs
        for (;;) {
          connection.write(pingFrame)
          const inTime = await connection.until((frames) => frames.length > 0, timeoutMs)
          const [answer] = connection.take()
          if (answer !== undefined && zxidOf(answer) >= zxid) return
          if (!inTime || connection.closed)
            throw new Error(
              `the keeper's connection to server ${server} ${inTime ? 'was closed' : 'fell silent'}`,
            )
          if (performance.now() > endMs) throw new Error(`server ${server} does not get to zxid ${zxid}`)
        }
      }),
    )
  }

  /** Everything that a program may have made, sorted by path. */
  async tree(): Promise<NodeRecord[]> {
    const records: NodeRecord[] = []
    for (const path of await this.#paths()) {
      const [data, acl] = await this.#ask([
        this.#request(OpCode.getData, new Bytes().text(path).byte(0)),
        this.#request(OpCode.getAcl, new Bytes().text(path)),
      ])
      if (data?.errorCode !== 0 || acl?.errorCode !== 0) throw new Error(`cannot read ${path}`)
      const bytes = data.body.buffer()
      const stat = data.body.stat()
      const entries = acl.body.vector(() => `${acl.body.int()} ${acl.body.text()}:${acl.body.text()}`)
      records.push({ path, data: bytes?.toString('latin1') ?? null, acl: entries, stat })
    }
    return records
  }

  hangUp(): void {
    for (const connection of this.#connections) connection.hangUp()
    this.#connections = []
  }

  async #open(): Promise<void> {
    if (this.#connections.length > 0 && this.#connections.every(({ closed }) => !closed)) return
    this.hangUp()
    for (const port of this.#ports) {
      const connection = await Connection.dial(port)
      this.#connections.push(connection)
      const noSession = { lastZxid: 0n, sessionId: 0n, password: Buffer.alloc(16), readOnly: 'no' } as const
      connection.write(connectFrame({ ...noSession, timeoutMs: 60_000 }))
      await connection.until((frames) => frames.length > 0, timeoutMs)
      connection.take()
      const credential = new Bytes().int(0).text('digest').text(superCredential)
      const [reply] = await this.#ask([this.#request(OpCode.auth, credential)], this.#connections.length - 1)
      if (reply?.errorCode !== 0) throw new Error('the super user was not let in')
    }
  }

  async #sweep(): Promise<void> {
    const paths = (await this.#paths()).filter((path) => !reserved.has(path)).reverse()
    const replies = await this.#ask(
      paths.map((path) => this.#request(OpCode.delete, new Bytes().text(path).int(-1))),
    )
    const kept = replies.findIndex(({ errorCode }) => errorCode !== 0)
    if (kept >= 0) throw new Error(`cannot sweep ${paths[kept]}: error ${replies[kept]?.errorCode}`)
  }

  /** Parents before children. */
  async #paths(): Promise<string[]> {
    const found: string[] = []
    let level = ['/']
    while (level.length > 0) {
      found.push(...level)
      const replies = await this.#ask(
        level.map((path) => this.#request(OpCode.getChildren, new Bytes().text(path).byte(0))),
      )
      level = level.flatMap((path, i) => {
        const reply = replies[i]
        if (reply?.errorCode !== 0) throw new Error(`cannot list ${path}: error ${reply?.errorCode}`)
        const names = reply.body.vector(() => reply.body.text() ?? '') ?? []
        return names.sort().map((name) => (path === '/' ? `/${name}` : `${path}/${name}`))
      })
    }
    return found
  }

  #create(path: string): Buffer {
    return this.#request(OpCode.create, new Bytes().text(path).buffer(Buffer.alloc(0)).raw(anyone).int(0))
  }

  #request(opcode: number, body: Bytes): Buffer {
    this.#xid++
    return new Bytes().int(this.#xid).int(opcode).raw(body.done()).frame()
  }

  async #ask(requests: readonly Buffer[], server = 0): Promise<Reply[]> {
    const connection = this.#connections[server]
    if (connection === undefined) throw new Error(`the keeper has no connection to server ${server}`)
    connection.write(Buffer.concat(requests))
    const inTime = await connection.until((frames) => frames.length >= requests.length, timeoutMs)
    const frames = connection.take()
    if (!inTime || frames.length < requests.length)
      throw new Error(`the keeper's connection to server ${server} ${inTime ? 'was closed' : 'fell silent'}`)
    return frames.map(reply)
  }
}

export const pingFrame = new Bytes().int(SpecialXid.ping).int(OpCode.ping).frame()

export function isPing(frame: Frame): boolean {
  return frame.readInt32BE() === SpecialXid.ping
}

export function zxidOf(frame: Frame): bigint {
  return frame.readBigInt64BE(4)
}

function reply(frame: Frame): Reply {
  const body = new Reader(frame)
  body.int()
  return { zxid: body.long(), errorCode: body.int(), body }
}
