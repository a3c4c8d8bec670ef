/** Length, xid, zxid, error code: all of a reply that is looked at. */
const headBytes = 20
const replyHeaderBytes = 16
/** More than any reply to what the generator asks. */
const frameBytesMax = 16 * 1024 * 1024
const notificationXid = -1
const pingXid = -2

/** The server broke the protocol: nothing behind this can be trusted. */
export class WrongReply extends Error {
  override name = 'WrongReply'
}

/**
 * Follows the replies in what a socket delivers, without cutting them out: each must have a sound length, the xid of the oldest
 * request in flight, and no error. Keeps no more than a head that was cut in two.
 */
export class ReplyChecker {
  /** Replies with an error code. */
  errors = 0
  #xid = 0
  /** What is still to come of the frame that was begun. */
  #bytesLeft = 0
  /** Whether that frame answers a request. */
  #answers = 0
  readonly #cutHead = Buffer.alloc(headBytes)
  #cutHeadBytes = 0

  /**
   * Takes the first `count` bytes; returns how many requests they have answered completely.
   *
   * @param sentXid of the youngest request in flight
   * @throws WrongReply
   */
  take(bytes: Buffer, count: number, sentXid: number): number {
    let at = 0
    let answered = 0
    if (this.#cutHeadBytes > 0) {
      at = Math.min(count, headBytes - this.#cutHeadBytes)
      bytes.copy(this.#cutHead, this.#cutHeadBytes, 0, at)
      this.#cutHeadBytes += at
      if (this.#cutHeadBytes < headBytes) return 0
      this.#cutHeadBytes = 0
      this.#bytesLeft = this.#readHead(this.#cutHead, 0, sentXid) - headBytes
      if (this.#bytesLeft === 0) answered += this.#answers
    }
    if (this.#bytesLeft > 0) {
      if (this.#bytesLeft > count - at) {
        this.#bytesLeft -= count - at
        return answered
      }
      at += this.#bytesLeft
      this.#bytesLeft = 0
      answered += this.#answers
    }
    while (count - at >= headBytes) {
      at += this.#readHead(bytes, at, sentXid)
      if (at > count) {
        this.#bytesLeft = at - count
        return answered
      }
      answered += this.#answers
    }
    this.#cutHeadBytes = bytes.copy(this.#cutHead, 0, at, count)
    return answered
  }

  /** Returns how long the whole frame is. */
  #readHead(bytes: Buffer, at: number, sentXid: number): number {
    const length = int(bytes, at)
    if (length < replyHeaderBytes || length > frameBytesMax) {
      throw new WrongReply(
        `found a frame of ${length} bytes; expected ${replyHeaderBytes} to ${frameBytesMax}`,
      )
    }
    const xid = int(bytes, at + 4)
    if (xid === notificationXid || xid === pingXid) {
      this.#answers = 0
      return length + 4
    }
    if (xid !== this.#xid + 1 || xid > sentXid) {
      throw new WrongReply(`found a reply to request ${xid}; expected ${this.#xid + 1}, with ${sentXid} sent`)
    }
    this.#xid = xid
    this.#answers = 1
    if (int(bytes, at + 16) !== 0) this.errors++
    return length + 4
  }
}

function int(bytes: Buffer, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  )
}
