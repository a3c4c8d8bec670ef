import type { SeededRandom } from '../../../src/runtime/seeded-random.ts'

/** What kind of frames a conversation is made of. */
export type FrameKind = 'random' | 'mutated' | 'protocol-aware'

/** What is said on one connection. The same for the same seed. */
export interface Script {
  readonly kind: FrameKind
  /** Written before anything else, and an answer is waited for: what follows is heard by who let us in. */
  readonly opening: Buffer | null
  readonly frames: readonly Buffer[]
}

/** Bytes of no protocol. Half of them are at least framed, so that somebody looks inside. */
export function randomFrame(random: SeededRandom, bytesMax: number): Buffer {
  const bytes = random.bytes(random.between(1, random.chance(1, 20) ? bytesMax : 64))
  if (random.chance(1, 2)) return bytes
  const frame = Buffer.concat([Buffer.alloc(4), bytes])
  // Some promise more, or less, than they bring.
  frame.writeInt32BE(random.chance(3, 4) ? bytes.length : random.below(bytesMax))
  return frame
}
