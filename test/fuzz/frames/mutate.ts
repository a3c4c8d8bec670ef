import type { SeededRandom } from '../../../src/runtime/seeded-random.ts'

/** Values at the edges of what length and count fields take. */
const edges = [0, 1, -1, 4, 0x7f, 0x80, 0xff, 0xffff, 0x100000, 0x7fffffff, -0x80000000, 0x50525651] as const

/** The same bytes with a few faults: bits turned, bytes overwritten, parts cut out, doubled or put in. */
export function mutated(random: SeededRandom, bytes: Buffer): Buffer {
  let result: Buffer = Buffer.from(bytes)
  for (let i = random.between(1, 3); i > 0 && result.length > 0; i--) {
    result = faults[random.below(faults.length)]?.(random, result) ?? result
  }
  return result
}

/** Of these bytes, with the length in front that a receiver expects. */
export function withLength(body: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(4 + body.length)
  frame.writeInt32BE(body.length)
  body.copy(frame, 4)
  return frame
}

const faults: readonly ((random: SeededRandom, bytes: Buffer) => Buffer)[] = [
  (random, bytes) => {
    const at = random.below(bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
    return bytes
  },
  (random, bytes) => {
    bytes[random.below(bytes.length)] = random.below(256)
    return bytes
  },
  (random, bytes) => {
    if (bytes.length >= 4) bytes.writeInt32BE(random.pick(edges), random.below(bytes.length - 3))
    return bytes
  },
  (random, bytes) => bytes.subarray(0, random.below(bytes.length)),
  (random, bytes) => {
    const [from, to] = part(random, bytes)
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
  },
  (random, bytes) => {
    const [from, to] = part(random, bytes)
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)])
  },
  (random, bytes) => {
    const at = random.below(bytes.length + 1)
    return Buffer.concat([bytes.subarray(0, at), random.bytes(random.between(1, 16)), bytes.subarray(at)])
  },
]

function part(random: SeededRandom, bytes: Buffer): [from: number, to: number] {
  const from = random.below(bytes.length)
  return [from, random.between(from, Math.min(bytes.length, from + 32))]
}
