import { createHash } from 'node:crypto'
import type { Identities } from '../tree/identities.ts'
import { DecodeError } from '../wire/decode-error.ts'
import { ErrorCode } from '../wire/error-codes.ts'
import { JuteReader } from '../wire/jute-reader.ts'
import { OpCode } from '../wire/opcodes.ts'
import type { Id } from '../wire/records.ts'
import { AuthRequest } from '../wire/requests.ts'
import type { ClientConnection } from './client-connection.ts'
import type { ClientServices } from './client-services.ts'
import { limits } from './limits.ts'

const headerBytes = 8

/**
 * How clients say who they are. Nothing is verified, as in ZooKeeper: credentials are hashed into an identity, and whoever
 * has the same ones has the same identity. The one identity with power of its own, super, comes only from credentials whose
 * hash is configured (`superDigest`); it can be named neither in a request nor in an access control list.
 */
export class Authentication {
  readonly #services: ClientServices
  readonly #reader = new JuteReader()
  /** Clients need an identity of one of these schemes; null when they need none. */
  readonly #enforced: ReadonlySet<string> | null

  constructor(services: ClientServices) {
    this.#services = services
    this.#enforced = services.config.access.enforcedSchemes
  }

  /** Whether requests are to be looked at by `isMissing` at all. */
  get isEnforced(): boolean {
    return this.#enforced !== null
  }

  /** Whether who asks would first have to authenticate. */
  isMissing(identities: Identities, opcode: number): boolean {
    if (this.#enforced === null || isAuthentication(opcode)) return false
    for (const { scheme } of identities.list) if (this.#enforced.has(scheme ?? '')) return false
    return true
  }

  /** Answers a request of who would have to authenticate first. The session lives on, for another connection. */
  turnAway(connection: ClientConnection, frame: Buffer): void {
    const xid = frame.readInt32BE(0)
    connection.beginReply(xid, 0, ErrorCode.sessionClosedRequireAuth)
    connection.endReply()
    const expected = [...(this.#enforced ?? [])].join(' or ')
    this.#services.limitLog.info(
      'enforce.auth',
      () =>
        `closing ${connection.describe()}: it has not authenticated, expected scheme ${expected} (enforce.auth.schemes)`,
    )
    connection.end()
  }

  /**
   * An auth frame arrives behind a handshake that is not answered yet. Its own answer has to wait, but what comes behind it
   * is to be done as who it names.
   */
  announce(connection: ClientConnection, frame: Buffer): void {
    try {
      const identities = this.#identify(connection, frame)
      if (identities !== null) connection.identities = identities
    } catch (error) {
      // Said when its turn comes.
      if (!(error instanceof DecodeError)) throw error
    }
  }

  /** Answers an auth or sasl frame, at once: what was asked before keeps the identities that it came with. */
  answer(connection: ClientConnection, opcode: number, frame: Buffer): void {
    try {
      if (opcode === OpCode.sasl) this.#answerSasl(connection, frame)
      else this.#answerAuth(connection, frame)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      connection.closeMalformed(error)
    }
  }

  #answerAuth(connection: ClientConnection, frame: Buffer): void {
    const identities = this.#identify(connection, frame)
    const xid = frame.readInt32BE(0)
    connection.beginReply(xid, 0, identities === null ? ErrorCode.authFailed : ErrorCode.ok)
    connection.endReply()
    if (identities !== null) {
      connection.identities = identities
      return
    }
    this.#services.metrics.authFailures++
    this.#services.limitLog.info(
      'auth',
      () =>
        `closing ${connection.describe()}: its credentials are refused; expected scheme digest with "user:password", or ip`,
    )
    connection.end()
  }

  /** There is no SASL here: an answer without a token, as a ZooKeeper server without a login gives it. */
  #answerSasl(connection: ClientConnection, frame: Buffer): void {
    const token = this.#reader.reset(frame, headerBytes).buffer()
    if (token === null) throw new DecodeError('found a SASL request without a token')
    connection.beginReply(frame.readInt32BE(0), 0, ErrorCode.ok).buffer(null)
    connection.endReply()
  }

  /** What the connection is after this frame; null when the credentials are refused. Throws DecodeError. */
  #identify(connection: ClientConnection, frame: Buffer): Identities | null {
    const { scheme, auth } = AuthRequest.read(this.#reader.reset(frame, headerBytes))
    // The address is known since the connection came.
    if (scheme === 'ip') return connection.identities
    if (scheme !== 'digest' || auth === null) return null
    const { superDigest, digestAlgorithm } = this.#services.config.access
    const id = digestId(Buffer.from(auth).toString('utf8'), digestAlgorithm)
    const entitled = id === superDigest ? connection.identities.with(superIdentity) : connection.identities
    const identities = entitled.with({ scheme, id })
    return identities.bytes.length <= limits.identitiesBytesMax || entitled.has({ scheme, id })
      ? identities
      : null
  }
}

const superIdentity: Id = { scheme: 'super', id: '' }

/** What is answered outside of the order of requests. */
export function isAuthentication(opcode: number): boolean {
  return opcode === OpCode.auth || opcode === OpCode.sasl
}

/** `user:hash of user:password`. Without a colon, all of it is the user. */
export function digestId(credentials: string, algorithm: string): string {
  const colon = credentials.indexOf(':')
  const user = colon < 0 ? credentials : credentials.substring(0, colon)
  return `${user}:${createHash(algorithm).update(credentials).digest('base64')}`
}
