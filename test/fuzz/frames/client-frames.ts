import { SeededRandom } from '../../../src/runtime/seeded-random.ts'
import { connectFrame, requestFrame } from '../../differential/encode.ts'
import { weighted } from '../../differential/generate/arguments.ts'
import { Model } from '../../differential/generate/model.ts'
import { Requests } from '../../differential/generate/requests.ts'
import type { Request } from '../../differential/program.ts'
import { mutated, withLength } from './mutate.ts'
import { randomFrame, type Script } from './script.ts'

const requestsPerSession = 200
const randomBytesMax = 4096

/** What a fuzzer says to a client port. */
export function clientScript(seed: string): Script {
  const random = new SeededRandom(seed)
  return weighted<() => Script>(random, [
    [30, () => ({ kind: 'random', opening: null, frames: [randomFrame(random, randomBytesMax)] })],
    [20, () => ({ kind: 'mutated', opening: null, frames: [mutated(random, anyConnect(random))] })],
    [10, () => ({ kind: 'protocol-aware', opening: null, frames: [anyConnect(random)] })],
    [1, () => ({ kind: 'mutated', opening: goodConnect(random), frames: mutatedRequests(random) })],
    [1, () => ({ kind: 'protocol-aware', opening: goodConnect(random), frames: requests(random) })],
  ])()
}

function goodConnect(random: SeededRandom): Buffer {
  const timeoutMs = random.pick([0, 4000, 10_000])
  const noPassword = Buffer.alloc(16)
  return connectFrame({
    lastZxid: 0n,
    timeoutMs,
    sessionId: 0n,
    password: noPassword,
    readOnly: random.pick(['absent', 'no', 'yes']),
  })
}

/** A connect request of the right shape, with anything in it. */
function anyConnect(random: SeededRandom): Buffer {
  const long = (): bigint =>
    random.pick([0n, 1n, -1n, 0x100000001n, BigInt(random.below(2 ** 32)), 2n ** 53n, 2n ** 63n - 1n])
  return connectFrame({
    lastZxid: long(),
    timeoutMs: random.pick([-1, 0, 1, 10_000, 0x7fffffff, -0x80000000]),
    sessionId: long(),
    password: random.chance(1, 10) ? null : random.bytes(random.pick([0, 1, 15, 16, 17, 1000])),
    readOnly: random.pick(['absent', 'no', 'yes']),
  })
}

/** As a client sends them, and then as none would: fields of other requests, cut, with more behind them. */
function requests(random: SeededRandom): Buffer[] {
  const made = new Requests(random, new Model(), random.pick(['standard', 'persistent', 'none']))
  const draw = (): Request =>
    weighted<() => Request>(random, [
      [40, () => made.write(0)],
      [30, () => made.read()],
      [10, () => made.watch(0)],
      [15, () => made.spoil(made.write(0))],
      [3, () => made.rare()],
      [2, () => made.goodAuth()],
    ])()
  return Array.from({ length: requestsPerSession }, (_, i) =>
    requestFrame(random.chance(1, 50) ? random.below(2 ** 32) : i + 1, draw(), () =>
      BigInt(random.below(2 ** 32)),
    ),
  )
}

/** Each is whole as a frame, so that the next one is understood as a frame as well. */
function mutatedRequests(random: SeededRandom): Buffer[] {
  return requests(random).map((frame) => withLength(mutated(random, frame.subarray(4))))
}
