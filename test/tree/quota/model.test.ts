import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { noListener } from '../../../src/tree/apply-listener.ts'
import { ReplicatedState } from '../../../src/tree/replicated-state.ts'
import { OpCode } from '../../../src/wire/opcodes.ts'
import { expectAheadAsAtOnce } from '../executing-ahead.ts'
import {
  chunksOf,
  collect,
  createBody,
  deleteBody,
  Harness,
  RecordingListener,
  setDataBody,
} from '../harness.ts'
import { type RandomRequest, randomRequest, sendRandom } from '../random-requests.ts'

const base = '/zookeeper/quota'

function send(h: Harness, path: string, data: string | null, session: number): void {
  h.send(OpCode.create, createBody(path, { data }), { session })
}

function setQuota(h: Harness, path: string, limits: string, session: number): void {
  send(h, base + path, null, session)
  send(h, `${base}${path}/zookeeper_limits`, limits, session)
  send(h, `${base}${path}/zookeeper_stats`, null, session)
}

/** The plainest count: everything that there is, looked through. */
function recount(state: ReplicatedState, path: string): string {
  let count = 0
  let bytes = 0
  for (const node of state.tree.nodes()) {
    const at = state.tree.path(node)
    if (at !== path && !at.startsWith(`${path}/`)) continue
    count++
    bytes += state.tree.dataLength(node)
  }
  return `count=${count},bytes=${bytes}`
}

type Step = { request: RandomRequest } | { quota: string; kind: 'set' | 'endAll' | 'endLimits' | 'tamper' }

const wild: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: randomRequest.map((request) => ({ request })) },
  {
    weight: 2,
    arbitrary: fc.record({
      quota: fc.constantFrom('/a', '/b', '/a/a'),
      kind: fc.constantFrom(
        'set' as const,
        'set' as const,
        'endAll' as const,
        'endLimits' as const,
        'tamper' as const,
      ),
    }),
  },
)

function sendStep(h: Harness, step: Step, sessions: readonly number[]): void {
  if ('request' in step) return sendRandom(h, step.request, sessions)
  const session = sessions[0] ?? 0
  const limits = `${base}${step.quota}/zookeeper_limits`
  const stats = `${base}${step.quota}/zookeeper_stats`
  if (step.kind === 'set') return setQuota(h, step.quota, 'count=1,bytes=2=;countHardLimit=3', session)
  if (step.kind === 'tamper') h.send(OpCode.setData, setDataBody(stats, 'count=x,bytes=9'), { session })
  else h.send(OpCode.delete, deleteBody(limits), { session })
  if (step.kind === 'endAll') h.send(OpCode.delete, deleteBody(stats), { session })
}

const runs = { numRuns: 150 }

describe('quota against the plainest count', () => {
  test('property: random requests, quotas from somewhere in between -> at every step, the stats are a count of what there is', () => {
    fc.assert(
      fc.property(
        fc.array(randomRequest, { maxLength: 30 }),
        fc.array(fc.tuple(randomRequest, fc.constantFrom(0, 1, 5)), { maxLength: 40 }),
        (before, after) => {
          const h = new Harness()
          const keeper = h.newSession()
          const sessions = [h.newSession(), h.newSession()]
          for (const request of before) sendRandom(h, request, sessions)
          for (const path of ['/a', '/b']) setQuota(h, path, 'count=-1,bytes=-1', keeper)
          h.applyAll()
          for (const [request, applied] of after) {
            sendRandom(h, request, sessions)
            for (let i = 0; i < applied; i++) {
              h.applyAll(1)
              for (const path of ['/a', '/b']) {
                expect(h.data(`${base}${path}/zookeeper_stats`)).toBe(recount(h.state, path))
              }
            }
          }
          h.applyAll()
          for (const path of ['/a', '/b']) {
            expect(h.data(`${base}${path}/zookeeper_stats`)).toBe(recount(h.state, path))
            expect(h.stat(`${base}${path}/zookeeper_stats`)?.version).toBe(0)
          }
        },
      ),
      runs,
    )
  }, 60_000)

  test('property: quotas inside others, ended, written into -> who follows, or starts from a snapshot, has the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(wild, { maxLength: 50 }), fc.nat(50), async (steps, at) => {
        const h = new Harness({ settings: { enforceQuota: true } })
        const sessions = [h.newSession(), h.newSession()]
        for (const step of steps) sendStep(h, step, sessions)
        const follower = new ReplicatedState()
        let late: ReplicatedState | null = null
        const listener = new RecordingListener(follower.tree)
        listener.wants = false
        for (const [index, txn] of h.history.entries()) {
          follower.apply(txn.zxid, txn.bytes, listener)
          late?.apply(txn.zxid, txn.bytes, noListener)
          if (index !== at) continue
          late = new ReplicatedState()
          await late.load(chunksOf(await collect(follower.snapshot(async () => {}))))
        }
        h.applyAll()
        expect(follower.digest()).toBe(h.state.digest())
        if (late !== null) {
          expect(late.digest()).toBe(h.state.digest())
          expect(late.tree.quotas.size).toBe(h.state.tree.quotas.size)
        }
      }),
      runs,
    )
  }, 60_000)

  test('property: hard limits, executing ahead -> the same transactions as applying each at once', () => {
    fc.assert(
      fc.property(fc.array(randomRequest, { maxLength: 60 }), (steps) =>
        expectAheadAsAtOnce(steps, { enforceQuota: true }, (h) => {
          const session = h.newSession()
          for (const path of ['/a', '/b'])
            setQuota(h, path, 'count=-1,bytes=-1=;byteHardLimit=4;countHardLimit=4', session)
          h.applyAll()
          return [session]
        }),
      ),
      runs,
    )
  }, 60_000)

  test('property: hard limits and no multis, executing ahead -> never passed', () => {
    const single = randomRequest.filter((request) => request.kind !== 'multi')
    fc.assert(
      fc.property(fc.array(fc.tuple(single, fc.constantFrom(0, 0, 1, 9)), { maxLength: 60 }), (steps) => {
        const h = new Harness({ settings: { enforceQuota: true } })
        const sessions = [h.newSession(), h.newSession()]
        setQuota(h, '/a', 'count=-1,bytes=-1=;byteHardLimit=4;countHardLimit=3', sessions[0] ?? 0)
        h.applyAll()
        for (const [request, applied] of steps) {
          sendRandom(h, request, sessions)
          h.applyAll(applied)
          const [, count, bytes] =
            /count=(\d+),bytes=(\d+)/.exec(h.data(`${base}/a/zookeeper_stats`) ?? '') ?? []
          expect(Number(count)).toBeLessThanOrEqual(3)
          expect(Number(bytes)).toBeLessThanOrEqual(4)
        }
      }),
      runs,
    )
  }, 60_000)
})
