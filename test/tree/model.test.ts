import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ReplicatedState } from '../../src/tree/replicated-state.ts'
import { JuteReader } from '../../src/wire/jute-reader.ts'
import { readMultiResponse } from '../../src/wire/multi.ts'
import { PathResponse } from '../../src/wire/requests.ts'
import { Harness, RecordingListener } from './harness.ts'
import { NaiveTree } from './naive-tree.ts'
import { type MultiPart, type RandomRequest, randomRequest, sendRandom } from './random-requests.ts'

/** What the naive tree answers: an error, or a list of codes for a multi. */
function runNaive(
  tree: NaiveTree,
  request: RandomRequest,
  sessions: readonly number[],
  zxid: number,
): { error: number; path?: string; codes?: number[] } {
  if (request.kind === 'newSession') {
    tree.sessions.add(zxid)
    return { error: 0 }
  }
  const session = sessions[request.session % sessions.length] ?? 0
  switch (request.kind) {
    case 'create':
      return tree.create(request.path, request.data, request.flags, session, zxid)
    case 'delete':
      return { error: tree.delete(request.path, request.version, session, zxid) }
    case 'setData':
      return { error: tree.setData(request.path, request.data, request.version, session, zxid) }
    case 'closeSession':
      return { error: tree.closeSession(session, zxid) }
    case 'multi': {
      const attempt = tree.copy()
      const codes: number[] = []
      for (const part of request.operations) {
        const failed = codes.some((code) => code !== 0)
        codes.push(failed ? -2 : runPart(attempt, part, session, zxid))
      }
      if (codes.every((code) => code === 0)) {
        tree.nodes = attempt.nodes
        tree.sessions = attempt.sessions
      }
      return { error: 0, codes }
    }
  }
}

function runPart(tree: NaiveTree, part: MultiPart, session: number, zxid: number): number {
  switch (part.kind) {
    case 'create':
      return tree.create(part.path, '', part.flags, session, zxid).error
    case 'delete':
      return tree.delete(part.path, part.version, session, zxid)
    case 'setData':
      return tree.setData(part.path, part.data, part.version, session, zxid)
    case 'check':
      return tree.check(part.path, part.version, session)
  }
}

function expectSameTree(h: Harness, naive: NaiveTree): void {
  const paths = [...h.state.tree.nodes()].map((node) => node.path).sort()
  expect(paths).toEqual([...naive.nodes.keys()].sort())
  for (const [path, node] of naive.nodes) {
    const children = naive.childrenOf(path)
    const found = h.state.tree.find(path)
    expect(found && [...h.state.tree.childNames(found)].sort()).toEqual(
      children.map((child) => child.substring(child.lastIndexOf('/') + 1)).sort(),
    )
    expect(h.data(path)).toBe(Buffer.from(node.data).toString('latin1'))
    expect(h.stat(path)).toMatchObject({
      czxid: node.czxid,
      mzxid: node.mzxid,
      pzxid: node.pzxid,
      version: node.version,
      cversion: 2 * node.creations - children.length,
      ephemeralOwner: BigInt(node.owner),
      numChildren: children.length,
    })
  }
}

describe('the replicated state against the plainest one', () => {
  test('property: random requests, applied in random portions behind the leader -> same answers, same tree', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(randomRequest, fc.constantFrom(0, 0, 1, 3, 100)), { maxLength: 60 }),
        (steps) => {
          const h = new Harness()
          const naive = new NaiveTree()
          const sessions: number[] = [h.newSession(), h.newSession(), h.newSession()]
          for (const id of sessions) naive.sessions.add(id)
          const expected: ReturnType<typeof runNaive>[] = []
          const before = h.listener.replies.length
          for (const [request, applied] of steps) {
            const zxid = h.nextZxid
            sendRandom(h, request, sessions)
            expected.push(runNaive(naive, request, sessions, zxid))
            if (request.kind === 'newSession') sessions.push(zxid)
            h.applyAll(applied)
          }
          h.applyAll()
          const replies = h.listener.replies.slice(before)
          expect(replies.map((reply) => reply.error)).toEqual(expected.map((answer) => answer.error))
          for (const [index, answer] of expected.entries()) {
            const body = new JuteReader(replies[index]?.body ?? Buffer.alloc(0))
            if (answer.codes !== undefined) {
              const codes = readMultiResponse(body).map((result) => (result.type === -1 ? result.err : 0))
              expect(codes).toEqual(answer.codes)
            } else if (answer.path !== undefined && answer.error === 0) {
              expect(PathResponse.read(body).path).toBe(answer.path)
            }
          }
          expectSameTree(h, naive)
          // Nothing of what was in flight stays behind: a new reign decides alike.
          h.state.endReign()
          for (const node of h.state.tree.nodes()) expect(node.pending).toBeNull()
        },
      ),
      { numRuns: 400 },
    )
  }, 60_000)

  test('property: executing ahead -> the same transactions as applying each at once', () => {
    fc.assert(
      fc.property(fc.array(randomRequest, { maxLength: 60 }), (steps) => {
        const ahead = new Harness()
        const atOnce = new Harness()
        for (const h of [ahead, atOnce]) h.newSession()
        const sessions = [ahead.state.lastApplied]
        for (const request of steps) {
          sendRandom(ahead, request, sessions)
          sendRandom(atOnce, request, sessions)
          atOnce.applyAll()
        }
        expect(ahead.history).toEqual(atOnce.history)
        ahead.applyAll()
        expect(ahead.state.digest()).toBe(atOnce.state.digest())
      }),
      { numRuns: 200 },
    )
  }, 60_000)

  test('property: two states fed the same transactions -> equal digests at every step', () => {
    fc.assert(
      fc.property(fc.array(randomRequest, { maxLength: 40 }), (steps) => {
        const h = new Harness()
        const follower = new ReplicatedState()
        const listener = new RecordingListener()
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
