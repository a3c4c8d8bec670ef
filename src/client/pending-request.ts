import type { JuteReader } from '../wire/jute-reader.ts'
import type { ZkError } from './zk-error.ts'

/** How a request ends: by a reply of the server, or without one. Exactly one of the two is called, once. */
export interface RequestEnd {
  /** `body` stands behind the reply header; it is only valid during the call. */
  onReply(errorCode: number, zxid: number, body: JuteReader): void
  onFailure(error: ZkError): void
}

/** Bytes before the body: length, xid, opcode. */
export const xidOffset = 4

/** One call of the application on its way. */
export class PendingRequest {
  /** The request id; 0 until the request is sent for the first time. It never changes afterwards. */
  xid = 0
  /** What the error message names; null for requests without a path. */
  readonly path: string | null
  /** Changes the tree, so sending it twice is only harmless when the server recognises it. */
  readonly isWrite: boolean
  /** The whole frame, length first. It is kept until the reply, to be sent again. */
  readonly frame: Buffer
  readonly end: RequestEnd

  constructor(fields: {
    path: string | null
    isWrite: boolean
    frame: Buffer
    end: RequestEnd
  }) {
    this.path = fields.path
    this.isWrite = fields.isWrite
    this.frame = fields.frame
    this.end = fields.end
  }
}
