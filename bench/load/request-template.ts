import { encodeRequest } from '../../src/client/encode-request.ts'
import { openAcl } from '../../src/client/index.ts'
import { OpCode } from '../../src/wire/opcodes.ts'
import { CreateRequest, SetDataRequest, WatchableRequest } from '../../src/wire/requests.ts'

const xidAt = 4
const pathAt = 16
const zero = 48
const anyVersion = -1

/**
 * A request, encoded once. Its path ends in a number of a fixed count of digits; only this and the xid change from one request to
 * the next, so that to send one costs a copy and a handful of bytes.
 */
export class RequestTemplate {
  readonly frame: Buffer
  readonly #lastDigitAt: number
  readonly #digits: number

  private constructor(frame: Buffer, prefix: string, digits: number) {
    this.frame = frame
    this.#digits = digits
    this.#lastDigitAt = pathAt + Buffer.byteLength(prefix) + digits - 1
  }

  static get(prefix: string, digits: number): RequestTemplate {
    const path = numberedPath(prefix, digits, 0)
    const frame = encodeRequest(OpCode.getData, WatchableRequest, { path, watch: false })
    return new RequestTemplate(frame, prefix, digits)
  }

  static set(prefix: string, digits: number, data: Buffer): RequestTemplate {
    const path = numberedPath(prefix, digits, 0)
    const frame = encodeRequest(OpCode.setData, SetDataRequest, { path, data, version: anyVersion })
    return new RequestTemplate(frame, prefix, digits)
  }

  static create(prefix: string, digits: number, data: Buffer): RequestTemplate {
    const path = numberedPath(prefix, digits, 0)
    const frame = encodeRequest(OpCode.create, CreateRequest, { path, data, acl: openAcl, flags: 0 })
    return new RequestTemplate(frame, prefix, digits)
  }

  /** Into a copy of `frame` that begins at `at`. */
  patch(out: Buffer, at: number, xid: number, number: number): void {
    out[at + xidAt] = xid >>> 24
    out[at + xidAt + 1] = xid >>> 16
    out[at + xidAt + 2] = xid >>> 8
    out[at + xidAt + 3] = xid
    let left = number
    let digitAt = at + this.#lastDigitAt
    for (let i = this.#digits; i > 0; i--) {
      const tens = (left / 10) | 0
      out[digitAt--] = zero + left - tens * 10
      left = tens
    }
  }
}

/** As the requests of a template name it. */
export function numberedPath(prefix: string, digits: number, number: number): string {
  return prefix + String(number).padStart(digits, '0')
}

/** What the numbers below `count` need. */
export function digitsFor(count: number): number {
  return String(Math.max(0, count - 1)).length
}
