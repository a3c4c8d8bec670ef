import { isDecodableWrite } from '../tree/execute/body-shape.ts'
import type { Identities } from '../tree/identities.ts'
import { DecodeError } from '../wire/decode-error.ts'
import { ErrorCode } from '../wire/error-codes.ts'
import { JuteReader } from '../wire/jute-reader.ts'
import { OpCode } from '../wire/opcodes.ts'
import { Authentication, isAuthentication } from './authentication.ts'
import type { ClientConnection } from './client-connection.ts'
import type { ClientServices } from './client-services.ts'

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
  readonly #authentication: Authentication
  readonly #reader = new JuteReader()
  #readable = true
  #draining: ClientConnection | null = null

  constructor(services: ClientServices) {
    this.#services = services
    this.#authentication = new Authentication(services)
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
    if (this.#authentication.isEnforced && this.#authentication.isMissing(connection.identities, opcode)) {
      this.#turnAway(connection, frame)
    } else if (isWrite(opcode) && isDecodableWrite(opcode, frame, requestHeaderBytes, frame.length)) {
      order.writeSeen()
      if (opcode === OpCode.closeSession) connection.goodbyeSaid = true
      if (connection.isFlowing && order.writeMayPass && this.#hasRoom(connection)) {
        this.#write(connection, opcode, frame, connection.identities)
      } else {
        order.holdWrite(frame, connection.identities)
      }
      connection.regulate()
    } else if (isAuthentication(opcode)) {
      this.#authenticate(connection, opcode, frame)
    } else if (
      connection.isFlowing &&
      order.readMayPass &&
      this.#readable &&
      this.#hasTurn(connection, opcode)
    ) {
      this.#perform(connection, opcode, frame, connection.identities)
    } else {
      order.holdRead(frame, opcode === OpCode.sync, connection.identities)
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
    while (connection.isFlowing || (connection.mayAnswer && order.isReadUrgent)) {
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
        if (!order.isReadUrgent && !this.#hasTurn(connection, opcode)) break
        order.shift()
        if (isAuthentication(opcode)) this.#authentication.answer(connection, opcode, frame)
        else if (this.#authentication.isMissing(next.identities, opcode))
          this.#authentication.turnAway(connection, frame)
        else this.#perform(connection, opcode, frame, next.identities)
      }
    }
    this.#draining = outer
    connection.regulate()
  }

  /** Before the handshake is answered, nothing else may be. */
  #authenticate(connection: ClientConnection, opcode: number, frame: Buffer): void {
    if (connection.stage === 'open') {
      this.#authentication.answer(connection, opcode, frame)
    } else {
      connection.order.holdRead(frame, true, connection.identities)
      if (opcode === OpCode.auth) this.#authentication.announce(connection, frame)
      connection.regulate()
    }
  }

  #turnAway(connection: ClientConnection, frame: Buffer): void {
    if (connection.stage === 'open') {
      this.#authentication.turnAway(connection, frame)
    } else {
      connection.order.holdRead(frame, true, connection.identities)
      connection.regulate()
    }
  }

  /** A connection with nothing outstanding is never the one to wait: it can hold up nobody but itself. */
  #hasRoom(connection: ClientConnection): boolean {
    if (!this.#services.inFlight.full || connection.order.outstanding <= 1) return true
    connection.waitForRoom()
    return false
  }

  /** A ping, which costs next to nothing, never waits for the reads of others. */
  #hasTurn(connection: ClientConnection, opcode: number): boolean {
    const { turnShare } = this.#services
    if (!turnShare.isSpent || opcode === OpCode.ping) return true
    turnShare.wait(connection)
    return false
  }

  #write(connection: ClientConnection, opcode: number, frame: Buffer, identities: Identities): void {
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

  #perform(connection: ClientConnection, opcode: number, frame: Buffer, identities: Identities): void {
    if (opcode === OpCode.sync) return this.#sync(connection, frame)
    const { reads, turnShare, metrics } = this.#services
    reads.answer(connection, opcode, frame, identities)
    turnShare.spend(metrics.lastResponseBytes)
  }

  #sync(connection: ClientConnection, frame: Buffer): void {
    const xid = frame.readInt32BE(0)
    const { reads, metrics, state, clock, onBroken } = this.#services
    const startedMs = connection.arrivedMs
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
        const nowMs = clock.monotonicMs()
        metrics.operations.add(OpCode.sync)
        connection.statistics.answered(OpCode.sync, nowMs, nowMs - startedMs)
        connection.beginReply(xid, state.lastApplied, ErrorCode.ok).string(path)
        connection.endReply()
        connection.endSync()
      } catch (error) {
        onBroken(error)
      }
    })
  }
}
