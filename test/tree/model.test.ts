import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ttlMsOf } from '../../src/tree/owner.ts'
import { ReplicatedState } from '../../src/tree/replicated-state.ts'
import { ErrorCode } from '../../src/wire/error-codes.ts'
import { JuteReader } from '../../src/wire/jute-reader.ts'
import { readMultiResponse } from '../../src/wire/multi.ts'
import { OpCode } from '../../src/wire/opcodes.ts'
import { PathResponse } from '../../src/wire/requests.ts'
import { expectAheadAsAtOnce } from './executing-ahead.ts'
import { Harness, RecordingListener } from './harness.ts'
import { type Circumstances, NaiveTree, type Seen } from './naive-tree.ts'
import {
  type MultiPart,
  type RandomReap,
  type RandomRequest,
  randomLife,
  randomRequest,
  sendRandom,
} from './random-requests.ts'

/** What the naive tree answers: an error, and with it a path or the results of a multi, as type and code. */
interface NaiveAnswer {
  error: number
  path?: string
  withStat?: boolean
  results?: [type: number, error: number][]
}

const settings = { extendedTypesEnabled: true }

function runNaive(
  tree: NaiveTree,
  request: RandomRequest,
  sessions: readonly number[],
  when: { zxid: number; wallMs: number },
): NaiveAnswer {
  if (request.kind === 'newSession') {
    tree.sessions.add(when.zxid)
    return { error: 0 }
  }
  const at = { ...when, session: sessions[request.session % sessions.length] ?? 0 }
  switch (request.kind) {
    case 'create':
      return tree.create(request, at)
    case 'delete':
      return { error: tree.delete(request.path, request.version, at) }
    case 'setData':
      return { error: tree.setData(request.path, request.data, request.version, at) }
    case 'closeSession':
      return { error: tree.closeSession(at) }
    case 'multi':
      return runNaiveMulti(tree, request.operations, { ...at, inMulti: true })
  }
}

function runNaiveMulti(tree: NaiveTree, operations: MultiPart[], at: Circumstances): NaiveAnswer {
  if (!operations.every(isDecodable)) return { error: ErrorCode.marshallingError }
  const attempt = tree.copy()
  const results: [number, number][] = []
  for (const part of operations) {
    const failed = results.some(([, error]) => error !== 0)
    results.push(failed ? [-1, ErrorCode.runtimeInconsistency] : runPart(attempt, part, at))
  }
  if (results.some(([, error]) => error !== 0)) {
    return { error: 0, results: results.map(([, error]) => [-1, error]) }
  }
  tree.nodes = attempt.nodes
  tree.sessions = attempt.sessions
  return { error: 0, results }
}

function isDecodable(part: MultiPart): boolean {
  if (part.kind === 'exists') return false
  if (part.kind !== 'create') return true
  return part.flags >= 0 && part.flags <= (part.opcode === OpCode.createTtl ? 6 : 4)
}

function runPart(tree: NaiveTree, part: MultiPart, at: Circumstances): [type: number, error: number] {
  switch (part.kind) {
    case 'create': {
      const { error, withStat } = tree.create(part, at)
      return [withStat ? OpCode.create2 : OpCode.create, error]
    }
    case 'delete':
      return [OpCode.delete, tree.delete(part.path, part.version, at)]
    case 'setData':
      return [OpCode.setData, tree.setData(part.path, part.data, part.version, at)]
    case 'check':
      return [OpCode.check, tree.check(part.path, part.version, at)]
    case 'exists':
      throw new Error('a multi with it cannot be decoded')
  }
}

/** The leader asks about the node that it has applied, and the answer is about the node that it will be. */
function reap(h: Harness, naive: NaiveTree, request: RandomReap, sessions: readonly number[]): void {
  const { tree } = h.state
  const applied = tree.find(request.path)
  const zxid = h.nextZxid
  sendRandom(h, request, sessions)
  if (applied === undefined) return
  const seen: Seen = {
    czxid: tree.czxid(applied),
    version: tree.version(applied),
    creations: tree.childCreations(applied),
  }
  naive.reap(request.path, seen, request.neverUsedMs, { session: 0, zxid, wallMs: h.wallMs })
}

function expectAnswer(body: JuteReader, answer: NaiveAnswer): void {
  if (answer.results !== undefined) {
    const found = readMultiResponse(body).map((result) => [result.type, result.type === -1 ? result.err : 0])
    expect(found).toEqual(answer.results)
  } else if (answer.path !== undefined && answer.error === 0) {
    expect(PathResponse.read(body).path).toBe(answer.path)
    expect(body.remaining).toBe(answer.withStat ? 68 : 0)
  }
}

const isBelow = (path: string, root: string): boolean => path.startsWith(root === '/' ? '/' : `${root}/`)

function expectSameTree(h: Harness, naive: NaiveTree): void {
  const { tree } = h.state
  const paths = [...tree.nodes()].map((node) => tree.path(node)).sort()
  expect(paths).toEqual([...naive.nodes.keys()].sort())
  for (const [path, node] of naive.nodes) {
    const children = naive.childrenOf(path)
    const found = h.state.tree.find(path)
    expect(found && [...h.state.tree.childNames(found)].sort()).toEqual(
      children.map((child) => child.substring(child.lastIndexOf('/') + 1)).sort(),
    )
    const below = [...naive.nodes.keys()].filter((other) => other !== '/' && isBelow(other, path))
    expect(found && h.state.tree.descendantCount(found)).toBe(below.length)
    expect(h.data(path)).toBe(Buffer.from(node.data).toString('latin1'))
    expect(h.stat(path)).toMatchObject({
      czxid: node.czxid,
      mzxid: node.mzxid,
      pzxid: node.pzxid,
      mtime: node.mtime,
      version: node.version,
      cversion: 2 * node.creations - children.length,
      ephemeralOwner: BigInt(node.owner),
      numChildren: children.length,
    })
  }
  const mortal = [...tree.reaped].map((node) => [tree.path(node), ttlMsOf(tree.owner(node))]).sort()
  const naiveMortal = [...naive.nodes].filter(([, { kind }]) => kind === 'container' || kind === 'ttl')
  expect(mortal).toEqual(naiveMortal.map(([path, { ttlMs }]) => [path, ttlMs]).sort())
}

/** Executes the requests, applies some of what is in flight behind each, and compares all that comes of it. */
function expectAlike(steps: readonly [RandomRequest | RandomReap, applied: number][]): void {
  const h = new Harness({ settings })
  const naive = new NaiveTree()
  const sessions: number[] = [h.newSession(), h.newSession(), h.newSession()]
  for (const id of sessions) naive.sessions.add(id)
  const expected: NaiveAnswer[] = []
  const before = h.listener.replies.length
  for (const [request, applied] of steps) {
    const zxid = h.nextZxid
    if (request.kind === 'reap') {
      reap(h, naive, request, sessions)
    } else {
      sendRandom(h, request, sessions)
      expected.push(runNaive(naive, request, sessions, { zxid, wallMs: h.wallMs }))
    }
    if (request.kind === 'newSession') sessions.push(zxid)
    h.applyAll(applied)
  }
  h.applyAll()
  const replies = h.listener.replies.slice(before)
  expect(replies.map((reply) => reply.error)).toEqual(expected.map((answer) => answer.error))
  for (const [index, answer] of expected.entries()) {
    expectAnswer(new JuteReader(replies[index]?.body ?? Buffer.alloc(0)), answer)
  }
  expectSameTree(h, naive)
  // Nothing of what was in flight stays behind: a new reign decides alike.
  h.state.endReign()
  for (const node of h.state.tree.nodes()) expect(h.state.tree.pending(node)).toBe(0)
}

const applied = fc.constantFrom(0, 0, 1, 3, 100)

describe('the replicated state against the plainest one', () => {
  test('property: random requests, applied in random portions behind the leader -> same answers, same tree', () => {
    const steps = fc.array(fc.tuple(randomRequest, applied), { maxLength: 60 })
    fc.assert(fc.property(steps, expectAlike), { numRuns: 400 })
  }, 60_000)

  test('property: a container or TTL node made, filled, emptied, set, and asked for by the leader -> same tree', () => {
    const steps = fc.array(fc.tuple(randomLife, applied), { maxLength: 40, size: 'max' })
    fc.assert(fc.property(steps, expectAlike), { numRuns: 600 })
  }, 60_000)

  test('property: executing ahead -> the same transactions as applying each at once', () => {
    fc.assert(
      fc.property(fc.array(randomRequest, { maxLength: 60 }), (steps) =>
        expectAheadAsAtOnce(steps, settings, (h) => {
          h.newSession()
          return [h.state.lastApplied]
        }),
      ),
      { numRuns: 200 },
    )
  }, 60_000)

  test('property: two states fed the same transactions -> equal digests at every step', () => {
    fc.assert(
      fc.property(fc.array(randomRequest, { maxLength: 40 }), (steps) => {
        const h = new Harness({ settings })
        const follower = new ReplicatedState()
        const listener = new RecordingListener(follower.tree)
        listener.wants = false
        h.newSession()
        const sessions = [h.state.lastApplied]
        for (const request of steps) sendRandom(h, request, sessions)
        const digests: string[] = []
        for (const txn of h.history) {
          follower.apply(txn.zxid, txn.bytes, listener)
          digests.push(follower.digest())
        }
        for (let i = 1; h.pending.length > 0; i++) {
          h.applyAll(1)
          expect(h.state.digest()).toBe(digests[i])
        }
        expect(h.state.digest()).toBe(follower.digest())
      }),
      { numRuns: 100 },
    )
  }, 60_000)
})
