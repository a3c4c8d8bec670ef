import { crc32 } from 'node:zlib'
import { encodeFixed } from '../../../src/replication/fixed-layouts.ts'
import { encodeFrame, strangerFrameBytesMax } from '../../../src/replication/frames.ts'
import type { Hello, PeerStatus, ReplicationMessage } from '../../../src/replication/messages.ts'
import { SeededRandom } from '../../../src/runtime/seeded-random.ts'
import { weighted } from '../../differential/generate/arguments.ts'
import { sampleMessages } from '../../replication/sample-messages.ts'
import { mutated, withLength } from './mutate.ts'
import { randomFrame, type Script } from './script.ts'

const messagesPerLink = 60

/** Where a frame has its checksum, and what that is of. */
const crcAt = 5
const bodyAt = 9

/**
 * What a fuzzer says to a peer or leader port. `member`: the hello of a member that is down, which opens a link as to that
 * member; `epochMax`: the epoch of the reign.
 *
 * A member that lies is beyond what the servers defend against: who may join an ensemble may disturb it. So what is said as
 * that member never claims the lead, or a promise above the reign. Everything else it may say.
 */
export function serverScript(seed: string, member: Hello, epochMax: number): Script {
  const random = new SeededRandom(seed)
  const opening = encodeFrame(member)
  return weighted<() => Script>(random, [
    [30, () => ({ kind: 'random', opening: null, frames: [randomFrame(random, strangerFrameBytesMax * 2)] })],
    [
      20,
      () => ({ kind: 'mutated', opening: null, frames: [mutated(random, encodeFrame(anyMessage(random)))] }),
    ],
    [10, () => ({ kind: 'protocol-aware', opening: null, frames: [strangersHello(random, member)] })],
    [3, () => ({ kind: 'mutated', opening, frames: mutatedMessages(random, epochMax) })],
    [8, () => ({ kind: 'protocol-aware', opening, frames: messages(random, epochMax) })],
  ])()
}

function strangersHello(random: SeededRandom, member: Hello): Buffer {
  const changes: Partial<Hello>[] = [
    { from: random.below(256) + 6 },
    { to: random.below(256) },
    { members: Array.from({ length: random.below(10) }, () => random.below(256)) },
    // One that is founded elsewhere is for an operator to look at: the servers tell it in their logs.
    { ensembleId: random.bytes(16).toString('hex'), founded: true },
    { ensembleId: null, founded: false, members: [] },
  ]
  return encodeFrame({ ...member, ...random.pick(changes) })
}

function messages(random: SeededRandom, epochMax: number): Buffer[] {
  return Array.from({ length: messagesPerLink }, () => encodeFrame(modest(anyMessage(random), epochMax)))
}

function mutatedMessages(random: SeededRandom, epochMax: number): Buffer[] {
  const one = (): Buffer => encodeFrame(modest(anyMessage(random), epochMax))
  // Nearly all of them end the link: no more than a few are heard.
  return Array.from({ length: 5 }, () => {
    const frame = withLength(mutated(random, one().subarray(4)))
    return random.chance(1, 2) ? frame : sealed(frame)
  })
}

/** Without a claim to the lead. Such a claim may come about by a mutation as well; that is rare, and costs an election. */
function modest(message: ReplicationMessage, epochMax: number): ReplicationMessage {
  if (message.type === 'join') return { ...message, promisedEpoch: atMost(message.promisedEpoch, epochMax) }
  if (message.type !== 'heartbeat' || !('status' in message)) return message
  // Drawn from any kind of value, so nothing is sure about it.
  const status: PeerStatus | null = message.status
  if (typeof status !== 'object' || status === null) return message
  const claims = status.state === 'leading' || status.state === 'candidate'
  const modestStatus = {
    ...status,
    state: claims ? 'looking' : status.state,
    promisedEpoch: atMost(status.promisedEpoch, epochMax),
    stands: false,
  }
  return { ...message, status: modestStatus }
}

/** What is no number stays what it is. */
const atMost = (value: number, max: number): number =>
  typeof value === 'number' ? Math.min(value, max) : value

/** With the checksum of what is in it, so that this is not what refuses it. */
function sealed(frame: Buffer): Buffer {
  if (frame.length > bodyAt) frame.writeUInt32BE(crc32(frame.subarray(bodyAt)), crcAt)
  return frame
}

/** One of every type, its fields drawn anew: mostly of the right kind, with any value. */
function anyMessage(random: SeededRandom): ReplicationMessage {
  const sample = random.pick(sampleMessages)
  const isFixed = encodeFixed(sample, 0) !== null
  const fields = Object.entries(sample).map(([name, value]) => {
    if (name === 'type' || random.chance(1, 2)) return [name, value]
    const drawn = other(random, value)
    // A fixed layout has no room for a value of another kind.
    return [name, isFixed && !ofSameKind(drawn, value) ? value : drawn]
  })
  return Object.fromEntries(fields) as ReplicationMessage
}

const ofSameKind = (a: unknown, b: unknown): boolean =>
  Buffer.isBuffer(b) ? Buffer.isBuffer(a) : Number.isSafeInteger(a) && (a as number) >= 0

const epochBase = 2 ** 32

function other(random: SeededRandom, value: unknown): unknown {
  if (random.chance(1, 60))
    return random.pick([null, 'text', -1, 0.5, 2 ** 60, [], {}, true, Buffer.alloc(3)])
  if (typeof value === 'number') {
    const epoch = random.below(4) * epochBase
    return random.pick([0, 1, 2, random.below(100), epoch + random.below(1000), Number.MAX_SAFE_INTEGER])
  }
  if (typeof value === 'boolean') return random.chance(1, 2)
  if (typeof value === 'string') return random.pick([value, '', '0'.repeat(32), 'fresh', 'founded'])
  if (Buffer.isBuffer(value)) return random.bytes(random.pick([0, 1, 8, 40, 500]))
  if (Array.isArray(value))
    return Array.from({ length: random.below(5) }, (_, i) => [i + 1, random.between(1, 9)])
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, field]) => [
        name,
        random.chance(1, 2) ? field : other(random, field),
      ]),
    )
  }
  return random.pick([null, 0, 1, 5, '0'.repeat(32)])
}
