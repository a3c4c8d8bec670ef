import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BrokenInvariant } from '../../src/runtime/assert.ts'
import { openAcl } from '../../src/tree/acl-table.ts'
import { noListener } from '../../src/tree/apply-listener.ts'
import { noOwner } from '../../src/tree/owner.ts'
import { ReplicatedState } from '../../src/tree/replicated-state.ts'
import { OpCode } from '../../src/wire/opcodes.ts'
import { createBody, deleteBody, Harness, setDataBody } from './harness.ts'
import { randomRequest, sendRandom } from './random-requests.ts'

/** The state that a history leads to, what is counted at each node, and whether every node is found. */
function outcome({ history }: Harness, isReplay: boolean) {
  const state = new ReplicatedState()
  const { tree } = state
  if (isReplay) tree.beginReplay()
  const digests: string[] = []
  for (const [i, { zxid, bytes }] of history.entries()) {
    state.apply(zxid, bytes, noListener)
    // Ever more seldom.
    if ((i & (i + 1)) === 0) digests.push(state.digest())
  }
  if (isReplay) tree.endReplay()
  const counts = [...tree.nodes()].map((node) => [
    tree.childCount(node),
    tree.descendantCount(node),
    tree.subtreeBytes(node),
    tree.pzxid(node),
  ])
  const paths = [...tree.nodes()].map((node) => [tree.path(node), tree.find(tree.path(node)) === node])
  return { digest: state.digest(), digests, counts, paths }
}

test('property: a history that is replayed -> the state that it made, with every node found', () => {
  fc.assert(
    fc.property(fc.array(randomRequest, { maxLength: 60 }), (requests) => {
      const h = new Harness()
      const sessions = [h.newSession(), h.newSession()]
      for (const request of requests) sendRandom(h, request, sessions)
      h.applyAll()
      const replayed = outcome(h, true)
      expect(replayed).toEqual(outcome(h, false))
      expect(replayed.digest).toBe(h.state.digest())
      expect(replayed.paths.filter(([, isFound]) => !isFound)).toEqual([])
    }),
    { numRuns: 200 },
  )
})

test('thousands created in a row, some with children, changed and deleted -> as without a replay', () => {
  const h = new Harness()
  const session = h.newSession()
  const send = (opcode: number, body: Buffer) => h.send(opcode, body, { session })
  for (let i = 0; i < 5000; i++) {
    send(OpCode.create, createBody(`/n${i}`))
    if (i % 500 === 7) send(OpCode.create, createBody(`/n${i}/child`))
    if (i % 700 === 9) send(OpCode.setData, setDataBody(`/n${i - 3}`, 'changed'))
    if (i % 900 === 11) send(OpCode.delete, deleteBody(`/n${i}`))
  }
  h.applyAll()
  expect(outcome(h, true)).toEqual(outcome(h, false))
})

test('a replay that creates a node twice -> broken invariant, at the end of the replay at the latest', () => {
  const { tree } = new ReplicatedState()
  const path = Buffer.from('/a')
  const create = () => tree.create(path, 0, path.length, path, 0, -1, openAcl, noOwner, 1, 1)
  tree.beginReplay()
  create()
  create()
  expect(() => tree.endReplay()).toThrow(BrokenInvariant)
})
