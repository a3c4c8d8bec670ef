import { crc32 } from 'node:zlib'
import { Packr } from 'msgpackr'
import { decodeFixed, encodeFixed, packedKind } from './fixed-layouts.ts'
import { invalidMessage } from './message-schema.ts'
import { protocolVersion, type ReplicationMessage } from './messages.ts'

/**
 * Frames of the peer and leader ports.
 *
 *     length   u32   bytes behind this field
 *     version  u8    of this protocol
 *     crc      u32   CRC-32 of the body: TCP's own sum lets one damaged packet in some ten thousands through
 *     body     a kind u8, and what it says: a fixed layout (see `fixed-layouts.ts`), or 0 and msgpack, one object with a
 *              `type`. A message has one of the two forms and is refused in the other.
 */
const lengthBytes = 4
const crcAt = lengthBytes + 1
const headerBytes = crcAt + 4
const bodyAt = headerBytes - lengthBytes

/** The largest frame, 64 MiB: a batch of proposals is far below (see `batchBytesMax`), a snapshot travels in pieces. */
export const frameBytesMax = 64 * 1024 * 1024
/** What a connection that has not said hello may send at once. */
export const strangerFrameBytesMax = 16 * 1024

/** What came in is not a frame of this protocol. The connection is closed. */
export class FrameError extends Error {
  override name = 'FrameError'
}

const packr = new Packr({ useRecords: false, variableMapSize: true })

/** Encodes once; the bytes may be written to any number of connections. */
export function encodeFrame(message: ReplicationMessage): Buffer {
  const frame = encodeFixed(message, headerBytes) ?? encodePacked(message)
  frame.writeUInt32BE(frame.length - lengthBytes, 0)
  frame[lengthBytes] = protocolVersion
  frame.writeUInt32BE(crc32(frame.subarray(headerBytes)), crcAt)
  return frame
}

function encodePacked(message: ReplicationMessage): Buffer {
  const packed = packr.pack(message)
  const frame = Buffer.allocUnsafe(headerBytes + 1 + packed.length)
  frame[headerBytes] = packedKind
  packed.copy(frame, headerBytes + 1)
  return frame
}

/** Joins chunks to frames and hands out checked messages. Buffers in them are views into the frame. */
export class FrameReader {
  /** Raised once the other side is known. */
  bytesMax = strangerFrameBytesMax
  #chunks: Buffer[] = []
  #buffered = 0
  /** Bytes to gather before the next step is possible. */
  #wanted = lengthBytes

  /** Calls `onMessage` for each whole frame; stops when it returns false. Throws FrameError on anything malformed. */
  push(chunk: Buffer, onMessage: (message: ReplicationMessage) => boolean): void {
    if (this.#buffered > 0 || chunk.length < this.#wanted) {
      this.#chunks.push(chunk)
      this.#buffered += chunk.length
      if (this.#buffered < this.#wanted) return
    }
    const bytes = this.#buffered === 0 ? chunk : Buffer.concat(this.#chunks, this.#buffered)
    let at = 0
    this.#wanted = lengthBytes
    while (bytes.length - at >= lengthBytes) {
      const length = bytes.readUInt32BE(at)
      if (length <= bodyAt || length > this.bytesMax) {
        throw new FrameError(`frame of ${length} bytes, expected ${bodyAt + 1} to ${this.bytesMax}`)
      }
      const end = at + lengthBytes + length
      if (end > bytes.length) {
        this.#wanted = lengthBytes + length
        break
      }
      const message = decodeFrame(bytes, at, end)
      at = end
      if (!onMessage(message)) break
    }
    if (this.#buffered > 0) this.#chunks = []
    this.#buffered = bytes.length - at
    if (this.#buffered > 0) this.#chunks.push(bytes.subarray(at))
  }
}

function decodeFrame(bytes: Buffer, start: number, end: number): ReplicationMessage {
  const version = bytes[start + lengthBytes]
  if (version !== protocolVersion) {
    throw new FrameError(`protocol version ${version}, this server speaks ${protocolVersion}`)
  }
  const body = bytes.subarray(start + headerBytes, end)
  if (crc32(body) !== bytes.readUInt32BE(start + crcAt)) throw new FrameError('a wrong checksum')
  if (body[0] === packedKind) return decodePacked(body.subarray(1))
  const message = decodeFixed(body)
  if (message === null) throw new FrameError(`kind ${body[0]} in ${body.length} bytes`)
  return message
}

function decodePacked(packed: Buffer): ReplicationMessage {
  let body: unknown
  try {
    body = packr.unpack(packed)
  } catch (error) {
    throw new FrameError(`undecodable frame: ${error instanceof Error ? error.message : String(error)}`)
  }
  const invalid = invalidMessage(body)
  if (invalid !== null) throw new FrameError(invalid)
  return body as ReplicationMessage
}
