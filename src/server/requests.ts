import { createHash } from 'node:crypto'
import { isDecodableWrite } from '../tree/execute/body-shape.ts'
import { DecodeError } from '../wire/decode-error.ts'
import { ErrorCode } from '../wire/error-codes.ts'
import { JuteReader } from '../wire/jute-reader.ts'
import { OpCode } from '../wire/opcodes.ts'
import type { Id } from '../wire/records.ts'
import { AuthRequest } from '../wire/requests.ts'
import type { ClientConnection } from './client-connection.ts'
import type { ClientServices } from './client-services.ts'
import { limits } from './limits.ts'

/** xid and opcode. */
export const requestHeaderBytes = 8

/** Whether an operation goes through the history, if it can be decoded. */
export function isWrite(opcode: number): boolean {
  switch (opcode) {
    case OpCode.create:
    case OpCode.delete:
    case OpCode.setData:
    case OpCode.setAcl:
    case OpCode.multi:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTtl:
    case OpCode.reconfig:
    case OpCode.closeSession:
      return true
    default:
      return false
  }
}

/** What comes on an open connection, in the order in which it may be done. */
export class Requests {
  readonly #services: ClientServices
  readonly #reader = new JuteReader()
  #readable = true
  #draining: ClientConnection | null = null

  constructor(services: ClientServices) {
    this.#services = services
  }

  /** False while the state is being replaced: reads wait, or they would see it half done, or go back in time. */
  set readable(readable: boolean) {
    this.#readable = readable
  }

  /** Throws DecodeError when the frame is no request: the connection is to be closed. */
  arrive(connection: ClientConnection, frame: Buffer): void {
    if (frame.length < requestHeaderBytes) {
      throw new DecodeError(
        `found a request of ${frame.length} bytes, expected at least ${requestHeaderBytes}`,
      )
    }
    const opcode = frame.readInt32BE(4)
    const { order } = connection
    if (isWrite(opcode) && isDecodableWrite(opcode, frame, requestHeaderBytes, frame.length)) {
      order.writeSeen()
      if (opcode === OpCode.closeSession) connection.goodbyeSaid = true
      if (connection.isFlowing && order.writeMayPass && this.#hasRoom(connection)) {
        this.#write(connection, opcode, frame, connection.identities)
      } else {
        order.holdWrite(frame, connection.identities)
      }
      connection.regulate()
    } else if (opcode === OpCode.auth && connection.stage === 'open') {
      this.#authenticate(connection, frame)
    } else if (connection.isFlowing && order.readMayPass && this.#readable) {
      this.#perform(connection, opcode, frame, connection.identities)
    } else {
      order.holdRead(frame, opcode === OpCode.sync || opcode === OpCode.auth, connection.identities)
      connection.regulate()
    }
  }

  /** Does what waits on a connection and may be done by now. */
  drain(connection: ClientConnection): void {
    // Within a drain, what opens a gate need not drain itself.
    if (this.#draining === connection) return
    const outer = this.#draining
    this.#draining = connection
    const { order } = connection
    while (connection.isFlowing) {
      const next = order.peek()
      if (next === undefined) break
      const { frame } = next
      const opcode = frame.readInt32BE(4)
      if (next.isWrite) {
        if (!this.#hasRoom(connection)) break
        order.shift()
        this.#write(connection, opcode, frame, next.identities)
      } else {
        if (!this.#readable) break
        order.shift()
        if (opcode === OpCode.auth) this.#authenticate(connection, frame)
        else this.#perform(connection, opcode, frame, next.identities)
      }
    }
    this.#draining = outer
    connection.regulate()
  }

  /** A connection with nothing outstanding is never the one to wait: it can hold up nobody but itself. */
  #hasRoom(connection: ClientConnection): boolean {
    if (!this.#services.inFlight.full || connection.order.outstanding <= 1) return true
    connection.waitForRoom()
    return false
  }

  #write(connection: ClientConnection, opcode: number, frame: Buffer, identities: readonly Id[]): void {
    const xid = frame.readInt32BE(0)
    const { inFlight } = this.#services
    inFlight.send(
      connection,
      opcode,
      xid,
      connection.arrivedMs,
      identities,
      frame,
      requestHeaderBytes,
      frame.length,
    )
  }

  #perform(connection: ClientConnection, opcode: number, frame: Buffer, identities: readonly Id[]): void {
    if (opcode === OpCode.sync) this.#sync(connection, frame)
    else this.#services.reads.answer(connection, opcode, frame, identities)
  }

  #sync(connection: ClientConnection, frame: Buffer): void {
    const xid = frame.readInt32BE(0)
    const { reads, metrics, state, onBroken } = this.#services
    let path: string | null
    try {
      path = this.#reader.reset(frame, requestHeaderBytes).string()
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      metrics.undecodableRequests++
      reads.answerError(connection, xid, ErrorCode.marshallingError)
      return
    }
    connection.beginSync()
    this.#services.sync(() => {
      if (connection.stage === 'closed') return
      try {
        connection.beginReply(xid, state.lastApplied, ErrorCode.ok).string(path)
        connection.endReply()
        connection.endSync()
      } catch (error) {
        onBroken(error)
      }
    })
  }

  /** An identity is added to the connection, at once: what was asked before keeps the identities that it came with. */
  #authenticate(connection: ClientConnection, frame: Buffer): void {
    const xid = frame.readInt32BE(0)
    let identity: Id | null
    try {
      const { scheme, auth } = AuthRequest.read(this.#reader.reset(frame, requestHeaderBytes))
      identity = identityOf(scheme, auth, connection.remoteHost)
      if (identity !== null && !fits(identity, connection.identities)) identity = null
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      connection.closeMalformed(error)
      return
    }
    connection.beginReply(xid, 0, identity === null ? ErrorCode.authFailed : ErrorCode.ok)
    connection.endReply()
    if (identity === null) {
      this.#services.metrics.authFailures++
      connection.end()
    } else if (!connection.identities.some((known) => isSame(known, identity))) {
      connection.identities = [...connection.identities, identity]
    }
  }
}

function fits(identity: Id, known: readonly Id[]): boolean {
  if (known.some((one) => isSame(one, identity))) return true
  let characters = identity.id?.length ?? 0
  for (const { id } of known) characters += id?.length ?? 0
  return characters <= limits.identitiesCharactersMax
}

const isSame = (a: Id, b: Id): boolean => a.scheme === b.scheme && a.id === b.id

/** Null when the credentials name no identity. Nothing is verified, as in ZooKeeper. */
function identityOf(scheme: string | null, auth: Uint8Array | null, remoteHost: string): Id | null {
  if (scheme === 'ip') return { scheme, id: remoteHost }
  if (scheme !== 'digest' || auth === null) return null
  const credentials = Buffer.from(auth).toString('utf8')
  const colon = credentials.indexOf(':')
  const user = colon < 0 ? credentials : credentials.substring(0, colon)
  return { scheme, id: `${user}:${createHash('sha1').update(credentials).digest('base64')}` }
}
