import { DecodeError } from '../wire/decode-error.ts'
import { ErrorCode } from '../wire/error-codes.ts'
import type { JuteReader } from '../wire/jute-reader.ts'
import type { RecordSchema } from '../wire/schema.ts'
import { checkPath } from './arguments.ts'
import { encodeRequest } from './encode-request.ts'
import { withChroot, withoutChroot } from './paths.ts'
import { PendingRequest } from './pending-request.ts'
import { ZkError } from './zk-error.ts'

/** How to read a reply. */
export interface ReplyReading<T> {
  decode(reader: JuteReader): T
  /** What the answer "no such node" means, where it is not an error. */
  onMissing?: (() => T) | undefined
}

/** A call about one znode. */
export interface PathCall<Body, T> extends ReplyReading<T> {
  readonly opcode: number
  /** As the application names it. */
  readonly path: string
  readonly isWrite: boolean
  readonly schema: Pick<RecordSchema<Body>, 'write'>
  /** May throw a ZkError for arguments that cannot be sent. */
  body(serverPath: string): Body
  /** The server appends a number to the path. */
  readonly sequential?: boolean | undefined
}

/** Turns calls of the application into requests of its session: paths below the chroot, frames, replies, errors. */
export class Calls {
  readonly chroot: string
  readonly #submit: (request: PendingRequest) => void

  constructor(submit: (request: PendingRequest) => void, chroot: string) {
    this.#submit = submit
    this.chroot = chroot
  }

  /** The same session with the servers' own paths. */
  outside(): Calls {
    return new Calls(this.#submit, '')
  }

  /** The path as the servers know it. @throws ZkError `badArguments` for what cannot be a path */
  serverPath(path: string, sequential = false): string {
    checkPath(path, sequential)
    // The number goes into the chroot, not onto its name.
    if (sequential && path === '/') return `${this.chroot}/`
    return withChroot(this.chroot, path)
  }

  clientPath(serverPath: string): string {
    return withoutChroot(this.chroot, serverPath)
  }

  /** Sends a call about one znode. What is wrong with its arguments rejects too, and is not sent. */
  about<Body, T>(call: PathCall<Body, T>): Promise<T> {
    const { opcode, path, isWrite, schema } = call
    let frame: Buffer
    try {
      frame = encodeRequest(opcode, schema, call.body(this.serverPath(path, call.sequential)))
    } catch (error) {
      return Promise.reject(error)
    }
    return this.send(path, isWrite, frame, call)
  }

  /** @param path what the error names; null for requests about no single znode */
  send<T>(path: string | null, isWrite: boolean, frame: Buffer, reading: ReplyReading<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const onReply = (errorCode: number, _zxid: number, body: JuteReader): void => {
        try {
          if (errorCode === ErrorCode.ok) resolve(reading.decode(body))
          else if (errorCode === ErrorCode.noNode && reading.onMissing !== undefined) {
            resolve(reading.onMissing())
          } else reject(new ZkError(errorCode, path))
        } catch (error) {
          reject(error instanceof DecodeError ? unreadable(error, path) : error)
        }
      }
      this.#submit(new PendingRequest({ path, isWrite, frame, end: { onReply, onFailure: reject } }))
    })
  }
}

function unreadable(error: DecodeError, path: string | null): ZkError {
  return new ZkError(ErrorCode.marshallingError, path, `cannot read the server's reply: ${error.message}`)
}
