import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { openAcl } from '../../src/tree/acl-table.ts'
import { ByteHeap } from '../../src/tree/byte-heap.ts'
import { SavedField } from '../../src/tree/node-image.ts'
import { ttlMsOf } from '../../src/tree/owner.ts'
import { ReplicatedState } from '../../src/tree/replicated-state.ts'
import { SnapshotRecord } from '../../src/tree/snapshot-format.ts'
import { SnapshotError } from '../../src/tree/snapshot-load.ts'
import { JuteWriter } from '../../src/wire/jute-writer.ts'
import { OpCode } from '../../src/wire/opcodes.ts'
import {
  chunksOf,
  collect,
  createBody,
  createTtlBody,
  deleteBody,
  Harness,
  RecordingListener,
  setDataBody,
} from './harness.ts'
import { randomRequest, sendRandom } from './random-requests.ts'

const noPause = async () => {}

async function loaded(chunks: readonly Buffer[]): Promise<ReplicatedState> {
  const state = new ReplicatedState()
  await state.load(chunksOf(chunks))
  return state
}

/** Many nodes, so that a snapshot takes many pieces. */
function grown(): { h: Harness; session: number } {
  const h = new Harness({ settings: { extendedTypesEnabled: true } })
  const session = h.newSession({ window: 8 })
  let requestId = 0
  const run = (opcode: number, body: Buffer) => h.send(opcode, body, { session, requestId: ++requestId })
  run(OpCode.create, createBody('/big'))
  for (let i = 0; i < 2000; i++)
    run(OpCode.create, createBody(`/big/${i}`, { data: 'x'.repeat(200), flags: i % 50 === 0 ? 1 : 0 }))
  run(OpCode.create, createBody('/locked', { acl: [{ perms: 1, scheme: 'ip', id: '10.0.0.1' }], data: null }))
  run(OpCode.createContainer, createBody('/container'))
  run(OpCode.createTtl, createTtlBody('/ttl', 5, 2 ** 40 - 1))
  h.applyAll()
  return { h, session }
}

describe('snapshot', () => {
  test('loaded -> equal in every way, and goes on alike', async () => {
    const { h, session } = grown()
    const state = await loaded(await collect(h.state.snapshot(noPause)))
    expect(state.digest()).toBe(h.state.digest())
    expect(state.lastApplied).toBe(h.state.lastApplied)
    expect(state.tree.nodeCount).toBe(h.state.tree.nodeCount)
    expect(state.tree.approximateDataBytes).toBe(h.state.tree.approximateDataBytes)
    expect(state.tree.ephemeralCount).toBe(40)
    expect(state.doneNumber(1, 1)).toBe(h.state.doneNumber(1, 1))
    expect(state.sessions.get(session)?.answers).toEqual(h.state.sessions.get(session)?.answers)
    expect(state.sessions.get(session)?.ephemerals.size).toBe(40)
    const { tree } = state
    expect([...tree.reaped].map((node) => [tree.path(node), ttlMsOf(tree.owner(node))])).toEqual([
      ['/container', 0],
      ['/ttl', 2 ** 40 - 1],
    ])
    const listener = new RecordingListener(tree)
    const from = h.history.length
    h.send(OpCode.closeSession, Buffer.alloc(0), { session })
    h.applyAll()
    for (const txn of h.history.slice(from)) state.apply(txn.zxid, txn.bytes, listener)
    expect(state.digest()).toBe(h.state.digest())
  })

  test('taken while everything changes -> the state of its one zxid', async () => {
    const { h, session } = grown()
    const digest = h.state.digest()
    const zxid = h.state.lastApplied
    let turn = 0
    const chunks = await collect(
      h.state.snapshot(async () => {
        // Between any two pieces: change, remove and add, ahead of the walk and behind it.
        turn++
        const ask = (opcode: number, body: Buffer) =>
          h.run(opcode, body, { session, requestId: 3000 + ++turn })
        for (const i of [turn, 1000 + turn, 1990 - turn]) {
          ask(OpCode.setData, setDataBody(`/big/${i}`, 'changed'))
          ask(OpCode.delete, deleteBody(`/big/${i + 1}`))
          ask(OpCode.create, createBody(`/big/${i + 1}`, { data: 'again' }))
          ask(OpCode.create, createBody(`/new-${turn}-${i}`))
        }
        h.newSession()
        if (turn > 60) h.run(OpCode.closeSession, Buffer.alloc(0), { session })
      }),
    )
    expect(turn).toBeGreaterThan(60)
    expect(h.state.digest()).not.toBe(digest)
    const state = await loaded(chunks)
    expect(state.lastApplied).toBe(zxid)
    expect(state.digest()).toBe(digest)
    for (const txn of h.history)
      if (txn.zxid > zxid) state.apply(txn.zxid, txn.bytes, new RecordingListener(state.tree))
    expect(state.digest()).toBe(h.state.digest())
  })

  test('property: random requests between the pieces of small snapshots -> the state of its one zxid', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(randomRequest, { maxLength: 40 }),
        fc.array(randomRequest, { maxLength: 20 }),
        async (before, during) => {
          const h = new Harness()
          const sessions = [h.newSession(), h.newSession()]
          for (const request of before) sendRandom(h, request, sessions)
          h.applyAll()
          const digest = h.state.digest()
          const pieces = h.state.snapshot(noPause)
          // Before the first piece is asked for: the moment of the call counts.
          for (const request of during) sendRandom(h, request, sessions)
          h.applyAll()
          expect((await loaded(await collect(pieces))).digest()).toBe(digest)
        },
      ),
      { numRuns: 100 },
    )
  })

  test('an answer kept, a session closed, before the walk came by -> saved as they were', async () => {
    const h = new Harness()
    const session = h.newSession({ window: 2 })
    const other = h.newSession({ window: 2 })
    h.run(OpCode.create, createBody('/a'), { session, requestId: 1 })
    const digest = h.state.digest()
    const pieces = h.state.snapshot(noPause)
    for (const requestId of [2, 3]) h.run(OpCode.setData, setDataBody('/a', 'x'), { session, requestId })
    h.run(OpCode.closeSession, Buffer.alloc(0), { session: other })
    const state = await loaded(await collect(pieces))
    expect(state.digest()).toBe(digest)
    expect(state.sessions.get(session)?.answers.map((answer) => answer.requestId)).toEqual([1])
  })

  test('pieces -> bounded, with a pause after each', async () => {
    const { h } = grown()
    let pauses = 0
    const chunks = await collect(
      h.state.snapshot(async () => {
        pauses++
      }),
    )
    expect(chunks.length).toBeGreaterThan(5)
    expect(pauses).toBe(chunks.length)
    for (const chunk of chunks) expect(chunk.length).toBeLessThan(66_000)
  })

  test('nearly all nodes change ahead of the walk -> it passes over them in many short steps', async () => {
    const h = new Harness()
    const session = h.newSession()
    const count = 60_000
    for (let i = 0; i <= count; i++) h.send(OpCode.create, createBody(`/n${i}`), { session })
    h.applyAll()
    const digest = h.state.digest()
    const pieces: Buffer[] = []
    const walk = h.state.snapshot(noPause)
    const first = await walk.next()
    if (first.done !== true) pieces.push(first.value)
    // All but the last: the walk has to get to that one.
    for (let i = 0; i < count; i++) h.send(OpCode.setData, setDataBody(`/n${i}`, 'changed'), { session })
    h.applyAll()
    const later: number[] = []
    for await (const piece of walk) {
      pieces.push(piece)
      later.push(piece.length)
    }
    expect(later.length).toBeGreaterThanOrEqual(6)
    expect(later.filter((length) => length === 0).length).toBeGreaterThanOrEqual(4)
    // What the sets wrote between two pieces went out in pieces, too.
    expect(Math.max(...later)).toBeLessThan(512 * 1024)
    expect((await loaded(pieces)).digest()).toBe(digest)
  })

  test('large nodes and sessions change and go ahead of the walk -> saved as they were, and not copied by the changes', async () => {
    const h = new Harness({ settings: { extendedTypesEnabled: true } })
    const session = h.newSession({ window: 8 })
    const other = h.newSession({ window: 8 })
    let requestId = 0
    const run = (opcode: number, body: Buffer) => h.run(opcode, body, { session, requestId: ++requestId })
    const data = 'x'.repeat(100_000)
    const list = Array.from({ length: 100 }, (_, i) => ({ perms: 31, scheme: 'ip', id: `10.0.0.${i}` }))
    for (let i = 0; i < 40; i++) run(OpCode.create, createBody(`/n${i}`, { data }))
    run(OpCode.create, createBody(`/${'long'.repeat(1000)}`, { data: null }))
    run(OpCode.create, createBody('/listed', { acl: list }))
    h.run(OpCode.create, createBody(`/${'other'.repeat(1000)}`), { session: other, requestId: 1 })
    const digest = h.state.digest()
    const send = (opcode: number, body: Buffer) => h.send(opcode, body, { session, requestId: ++requestId })
    for (let i = 0; i < 40; i += 4) {
      send(OpCode.delete, deleteBody(`/n${i}`))
      send(OpCode.setData, setDataBody(`/n${i + 1}`, 'short'))
      send(OpCode.setData, setDataBody(`/n${i + 1}`, 'y'.repeat(90_000)))
      // Only what it counts of its children changes; then it goes as well.
      send(OpCode.create, createBody(`/n${i + 2}/child`))
      send(OpCode.delete, deleteBody(`/n${i + 2}/child`))
      if (i % 8 === 0) send(OpCode.delete, deleteBody(`/n${i + 2}`))
      // In the place of the one that went.
      send(OpCode.create, createBody(`/n${i}`, { data: 'again' }))
    }
    send(OpCode.setData, setDataBody(`/${'long'.repeat(1000)}`, 'data'))
    send(OpCode.delete, deleteBody('/listed'))
    h.send(OpCode.closeSession, Buffer.alloc(0), { session: other })
    const walk = h.state.snapshot(noPause)
    const written = vi.spyOn(JuteWriter.prototype, 'rawRange')
    h.applyAll()
    const copied = written.mock.calls.reduce((sum, [, start, end]) => sum + end - start, 0)
    written.mockRestore()
    // The answers of creates have paths.
    expect(copied).toBeLessThan(50_000)
    const after = h.state.digest()
    const state = await loaded(await collect(walk))
    expect(state.digest()).toBe(digest)
    expect(state.sessions.get(other)?.answers.length).toBe(1)
    // All that was kept is let go: another snapshot has it as it is now.
    expect((await loaded(await collect(h.state.snapshot(noPause)))).digest()).toBe(after)
  })

  test('the state is replaced while large nodes are kept for a snapshot -> given up, and the new state is whole', async () => {
    const { h, session } = grown()
    const run = (opcode: number, body: Buffer, requestId: number) =>
      h.run(opcode, body, { session, requestId })
    for (let i = 0; i < 20; i++) run(OpCode.setData, setDataBody(`/big/${i}`, 'x'.repeat(5000)), 5000 + i)
    const other = await collect(h.state.snapshot(noPause))
    const digest = h.state.digest()
    const walk = h.state.snapshot(noPause)
    await walk.next()
    for (let i = 0; i < 20; i++) run(OpCode.setData, setDataBody(`/big/${i}`, 'short'), 6000 + i)
    h.state.endReign()
    await h.state.load(chunksOf(other))
    await expect(walk.next()).rejects.toThrow(SnapshotError)
    expect(h.state.digest()).toBe(digest)
    expect((await loaded(await collect(h.state.snapshot(noPause)))).digest()).toBe(digest)
  })

  test('chunks cut anywhere -> loads all the same', async () => {
    const h = new Harness()
    h.newSession()
    const bytes = Buffer.concat(await collect(h.state.snapshot(noPause)))
    const state = await loaded([...bytes].map((byte) => Buffer.from([byte])))
    expect(state.digest()).toBe(h.state.digest())
  })

  test('a byte flipped or the end missing -> SnapshotError, and the state is empty', async () => {
    const h = new Harness()
    const session = h.newSession({ window: 2 })
    h.run(OpCode.create, createBody('/a', { data: 'abc' }), { session, requestId: 1 })
    const bytes = Buffer.concat(await collect(h.state.snapshot(noPause)))
    const empty = new ReplicatedState().digest()
    for (let at = 0; at < bytes.length; at++) {
      const state = new ReplicatedState()
      const flipped = Buffer.from(bytes)
      flipped[at] = (flipped[at] ?? 0) ^ 1
      // The zxid in the head is not part of the digest: the file's own header has it, checked there.
      if (at >= 12 && at < 20) continue
      await expect(state.load(chunksOf([flipped])), `flipped at ${at}`).rejects.toThrow(SnapshotError)
      expect(state.digest()).toBe(empty)
      // Of a path it makes bytes that are no text.
      flipped[at] = (bytes[at] ?? 0) ^ 0x80
      await expect(state.load(chunksOf([flipped])), `high bit at ${at}`).rejects.toThrow(SnapshotError)
      expect(state.digest()).toBe(empty)
      await expect(state.load(chunksOf([bytes.subarray(0, at)]))).rejects.toThrow(SnapshotError)
    }
  })

  test.each(['czxid', 'mzxid', 'pzxid', 'ctime', 'mtime', 'owner'] as const)(
    '%s of a node beyond 53 bits -> SnapshotError that says so',
    async (field) => {
      const bytes = Buffer.concat(await collect(new Harness().state.snapshot(noPause)))
      let at = 0
      while (bytes.readInt32BE(at + 4) !== SnapshotRecord.node) at += 4 + bytes.readInt32BE(at)
      // Length and type of the record, length and bytes of the path, length of the data: there are none.
      const pathBytes = bytes.readInt32BE(at + 8)
      bytes.writeBigInt64BE(2n ** 53n, at + 12 + pathBytes + 4 + SavedField[field])
      await expect(loaded([bytes])).rejects.toThrow(
        'snapshot: found 9007199254740992, expected at most 53 bits',
      )
    },
  )

  test('given up before its end -> nothing is copied any more, another one can be taken', async () => {
    const { h, session } = grown()
    const first = h.state.snapshot(noPause)
    await first.next()
    await first.return(undefined)
    h.run(OpCode.setData, setDataBody('/big/1999', 'y'), { session, requestId: 9000 })
    const abandoned = h.state.snapshot(noPause)
    const second = h.state.snapshot(noPause)
    await expect(abandoned.next()).rejects.toThrow(SnapshotError)
    expect((await loaded(await collect(second))).digest()).toBe(h.state.digest())
  })

  test('given up before its first piece -> changes keep nothing any more', async () => {
    const { h, session } = grown()
    const walk = h.state.snapshot(noPause)
    h.state.endSnapshot()
    expect(h.state.tree.watcher).toBeNull()
    expect(h.state.sessions.watcher).toBeNull()
    h.run(OpCode.setData, setDataBody('/big/1999', 'y'), { session, requestId: 9000 })
    await expect(walk.next()).rejects.toThrow(SnapshotError)
  })

  test('given up with thousands of large nodes kept -> their memory is given back, in portions with pauses', async () => {
    const taken = vi.spyOn(ByteHeap.prototype, 'allocate')
    const given = vi.spyOn(ByteHeap.prototype, 'release')
    try {
      const state = new ReplicatedState()
      const { tree } = state
      const data = Buffer.alloc(4096)
      const nodes = Array.from({ length: 10_000 }, (_, i) => {
        const path = Buffer.from(`/n${i}`)
        return tree.create(path, 0, path.length, data, 0, data.length, openAcl, 0, i + 1, 1)
      })
      let pauses = 0
      const walk = state.snapshot(async () => {
        pauses++
      })
      await walk.next()
      const givenBefore = given.mock.calls.length
      for (const node of nodes) tree.remove(node, 10_001)
      expect(given.mock.calls.length - givenBefore).toBeLessThan(1000)
      await walk.return(undefined)
      expect(pauses).toBe(2)
      // The node that was removed last has its own until another one comes or goes.
      const left = tree.nodeCount - 1
      expect(taken.mock.calls.length - given.mock.calls.length).toBe(left + 1)
    } finally {
      vi.restoreAllMocks()
    }
  })

  test('load during a reign, or a transaction out of order -> broken invariant', async () => {
    const h = new Harness()
    await expect(h.state.load(chunksOf([]))).rejects.toThrow(/reign/)
    h.newSession()
    const txn = h.history[0]
    expect(() => h.state.apply(txn?.zxid ?? 0, txn?.bytes ?? Buffer.alloc(0), h.listener)).toThrow(/follow/)
  })
})
