import { BrokenInvariant } from '../runtime/assert.ts'
import type { ReplicationMessage } from './messages.ts'

/**
 * The bodies of those messages that every write, sync and heartbeat brings, in layouts of their own. At one write a frame,
 * to pack and unpack them with a codec for any object was a tenth of a follower's work.
 *
 *     kind     u8
 *     then     ack, commit                 zxid u64
 *              heartbeat, heartbeatAck     round u64     (on the peer port a heartbeat is packed: it carries a status)
 *              sync, synced                id u64
 *              requests, message           the bytes, to the end
 *              propose                     commit u64, lastZxid u64, the records, to the end
 */
const kinds = {
  ack: 1,
  commit: 2,
  heartbeat: 3,
  heartbeatAck: 4,
  sync: 5,
  synced: 6,
  requests: 7,
  message: 8,
  propose: 9,
} as const

/** The kind of every other body: what follows is packed. */
export const packedKind = 0

/** A message that is never packed. A heartbeat is, on the peer port. */
export type FixedType = Exclude<keyof typeof kinds, 'heartbeat'>

const kindBytes = 1
const numberBytes = 8
const recordsAt = kindBytes + 2 * numberBytes

/** A frame with the body of `message` behind `headerBytes` that are still to be written; null when it has no layout. */
export function encodeFixed(message: ReplicationMessage, headerBytes: number): Buffer | null {
  switch (message.type) {
    case 'ack':
      return numberFrame(headerBytes, kinds.ack, message.zxid)
    case 'commit':
      return numberFrame(headerBytes, kinds.commit, message.zxid)
    case 'heartbeat':
      return 'round' in message ? numberFrame(headerBytes, kinds.heartbeat, message.round) : null
    case 'heartbeatAck':
      return numberFrame(headerBytes, kinds.heartbeatAck, message.round)
    case 'sync':
      return numberFrame(headerBytes, kinds.sync, message.id)
    case 'synced':
      return numberFrame(headerBytes, kinds.synced, message.id)
    case 'requests':
      return bytesFrame(headerBytes, kinds.requests, message.bytes)
    case 'message':
      return bytesFrame(headerBytes, kinds.message, message.bytes)
    case 'propose': {
      const { records } = message
      const frame = Buffer.allocUnsafe(headerBytes + recordsAt + records.length)
      frame[headerBytes] = kinds.propose
      writeWhole(frame, headerBytes + kindBytes, message.commit)
      writeWhole(frame, headerBytes + kindBytes + numberBytes, message.lastZxid)
      frame.set(records, headerBytes + recordsAt)
      return frame
    }
    default:
      return null
  }
}

/** The message of a body that is not packed; null when it is none. Its bytes are views into the body. */
export function decodeFixed(body: Buffer): ReplicationMessage | null {
  switch (body[0]) {
    case kinds.requests:
      return { type: 'requests', bytes: body.subarray(kindBytes) }
    case kinds.message:
      return { type: 'message', bytes: body.subarray(kindBytes) }
    case kinds.propose:
      return decodePropose(body)
    default:
      return decodeNumber(body)
  }
}

function decodePropose(body: Buffer): ReplicationMessage | null {
  if (body.length < recordsAt) return null
  const commit = wholeAt(body, kindBytes)
  const lastZxid = wholeAt(body, kindBytes + numberBytes)
  if (!Number.isSafeInteger(commit) || !Number.isSafeInteger(lastZxid)) return null
  return { type: 'propose', commit, lastZxid, records: body.subarray(recordsAt) }
}

function decodeNumber(body: Buffer): ReplicationMessage | null {
  if (body.length !== kindBytes + numberBytes) return null
  const value = wholeAt(body, kindBytes)
  if (!Number.isSafeInteger(value)) return null
  switch (body[0]) {
    case kinds.ack:
      return { type: 'ack', zxid: value }
    case kinds.commit:
      return { type: 'commit', zxid: value }
    case kinds.heartbeat:
      return { type: 'heartbeat', round: value }
    case kinds.heartbeatAck:
      return { type: 'heartbeatAck', round: value }
    case kinds.sync:
      return { type: 'sync', id: value }
    case kinds.synced:
      return { type: 'synced', id: value }
    default:
      return null
  }
}

function numberFrame(headerBytes: number, kind: number, value: number): Buffer {
  const frame = Buffer.allocUnsafe(headerBytes + kindBytes + numberBytes)
  frame[headerBytes] = kind
  writeWhole(frame, headerBytes + kindBytes, value)
  return frame
}

function bytesFrame(headerBytes: number, kind: number, bytes: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(headerBytes + kindBytes + bytes.length)
  frame[headerBytes] = kind
  frame.set(bytes, headerBytes + kindBytes)
  return frame
}

const highUnit = 2 ** 32

function writeWhole(frame: Buffer, at: number, value: number): void {
  // It would be cut to 64 bits and pass for another number.
  if (!Number.isSafeInteger(value) || value < 0) throw new BrokenInvariant(`${value} is to be sent`)
  frame.writeUInt32BE(Math.floor(value / highUnit), at)
  frame.writeUInt32BE(value >>> 0, at + 4)
}

/** Above 2^53 it is near what was sent, and never a safe integer. */
function wholeAt(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * highUnit + bytes.readUInt32BE(at + 4)
}
