import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { SeededRandom } from '../../src/runtime/seeded-random.ts'
import { AclList, openAcl } from '../../src/tree/acl-table.ts'
import { ByteHeap } from '../../src/tree/byte-heap.ts'
import { NodeImage } from '../../src/tree/node-image.ts'
import { containerOwner, ttlOwner } from '../../src/tree/owner.ts'
import { parentOf } from '../../src/tree/paths.ts'
import { ReplicatedState } from '../../src/tree/replicated-state.ts'
import { Session } from '../../src/tree/sessions.ts'
import { nextVersion } from '../../src/tree/tree.ts'
import type { Znode } from '../../src/tree/znode.ts'
import { chunksOf, collect, worldMay } from './harness.ts'
import { copyOf, expectNode, expectNodes, type PlainNodes, plainOf } from './plain-nodes.ts'

const sessionId = 2 ** 52 + 12_345
const reserved = ['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config']
/** Some are the bytes of each other, one begins like a mark of byte order, long ones differ only where they end or begin. */
const shortNames = ['', 'n', 'é', 'Ã©', '中', '\ufeff']
const longNames = ['n'.repeat(300), `${'n'.repeat(299)}m`, `m${'n'.repeat(299)}`, `é${'n'.repeat(700)}`]
/** Around 2^32, where the halves of a number meet, and on both sides of 0. */
const times = [
  0,
  -1,
  -(2 ** 32),
  -(2 ** 40) - 1,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 41 + 7,
  2 ** 53 - 1,
  -(2 ** 53) + 1,
]

/** Changes a tree, and beside it a map of plain nodes, at random and alike. */
class Churn {
  readonly state = new ReplicatedState()
  readonly nodes: PlainNodes = new Map()
  /** The most nodes there ever were. */
  mostNodes = 0
  steps = 0
  readonly #random: SeededRandom
  readonly #bytes: Buffer
  /** What may be removed, in no order: to choose one costs no walk. */
  readonly #paths: string[] = []
  #zxid = 2 ** 32 - 5000
  #made = 0

  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
    this.#bytes = this.#random.bytes(2 ** 17)
    this.state.sessions.add(new Session(sessionId, 10_000, Buffer.alloc(16), 0))
    for (const path of reserved) this.nodes.set(path, plainOf(this.state.tree, path))
  }

  /** One change: in `share` of 100 a creation, else a node goes, or gets other data or another list. */
  step(share: number, bytesMax: number): void {
    this.steps++
    // Some transactions change several nodes.
    this.#zxid += this.#random.below(3)
    const index = this.#random.below(Math.max(this.#paths.length, 1))
    if (this.#paths.length === 0 || this.#random.below(100) < share) this.#create(bytesMax)
    else if (this.#random.chance(1, 2)) this.#remove(index)
    else if (this.#random.chance(9, 10)) this.#setData(index, bytesMax)
    else this.#setAcl(index)
    this.mostNodes = Math.max(this.mostNodes, this.nodes.size)
  }

  #create(bytesMax: number): void {
    const { tree } = this.state
    const random = this.#random
    const under = random.chance(1, 3) || this.#paths.length === 0 ? '/' : random.pick(this.#paths)
    const parent = this.nodes.get(under)
    if (parent === undefined || parent.owner > 0 || under.length > 400) return
    const name =
      random.pick(random.chance(1, 15) ? longNames : shortNames) + random.below(this.#paths.length + 9)
    const path = `${under === '/' ? '' : under}/${name}`
    if (this.nodes.has(path)) return
    const owner = random.pick([0, 0, 0, 0, 0, sessionId, containerOwner, ttlOwner(2 ** 40 - 1)])
    const acl = this.#list()
    const data = this.#data(bytesMax)
    const time = random.pick(times)
    const zxid = this.#zxid
    const bytes = Buffer.from(path)
    const source = data ?? this.#bytes
    tree.create(bytes, 0, bytes.length, source, 0, data?.length ?? -1, acl, owner, zxid, time)
    parent.pzxid = zxid
    parent.creations++
    parent.children++
    const stamps = { czxid: zxid, mzxid: zxid, pzxid: zxid, ctime: time, mtime: time }
    const node = { data, acl, owner, ...stamps, version: 0, aversion: 0, creations: 0, children: 0 }
    this.nodes.set(path, node)
    this.#paths.push(path)
    expectNode(tree, path, node)
    expectNode(tree, under, parent)
  }

  #remove(index: number): void {
    const { tree } = this.state
    const path = this.#paths[index] as string
    const plain = this.nodes.get(path)
    const parent = this.nodes.get(parentOf(path))
    if (plain === undefined || parent === undefined || plain.children > 0) return
    const node = expectNode(tree, path, plain)
    tree.remove(node, this.#zxid)
    this.nodes.delete(path)
    this.#paths[index] = this.#paths.at(-1) as string
    this.#paths.pop()
    parent.pzxid = Math.max(parent.pzxid, this.#zxid)
    parent.children--
    if (tree.find(path) !== undefined) throw new Error(`${path} is still found`)
    // Watchers are told of it now.
    const isTold = tree.path(node) === path && tree.acl(node).bytes.equals(plain.acl.bytes)
    const parentTold = tree.parent(node) === expectNode(tree, parentOf(path), parent)
    if (!isTold || !parentTold || tree.owner(node) !== plain.owner)
      throw new Error(`${path} is forgotten too soon`)
  }

  #setData(index: number, bytesMax: number): void {
    const { tree } = this.state
    const path = this.#paths[index] as string
    const plain = this.nodes.get(path)
    if (plain === undefined) return
    plain.data = this.#data(bytesMax)
    plain.version = nextVersion(plain.version)
    plain.mzxid = this.#zxid
    plain.mtime = this.#random.pick(times)
    const node = tree.find(path)
    if (node === undefined) throw new Error(`${path} is not found`)
    // From the middle of something larger, as in a transaction.
    const source = Buffer.concat([this.#bytes.subarray(0, 3), plain.data ?? this.#bytes.subarray(0, 0)])
    tree.setData(node, source, 3, plain.data?.length ?? -1, this.#zxid, plain.mtime)
    expectNode(tree, path, plain)
  }

  #setAcl(index: number): void {
    const { tree } = this.state
    const path = this.#paths[index] as string
    const plain = this.nodes.get(path)
    const node = tree.find(path)
    if (plain === undefined || node === undefined) throw new Error(`${path} is not found`)
    plain.acl = this.#list()
    plain.aversion++
    tree.setAcl(node, plain.acl)
    expectNode(tree, path, plain)
  }

  /** Null, empty, mostly short, sometimes as long as may be. No two alike. */
  #data(bytesMax: number): Buffer | null {
    const random = this.#random
    const kind = random.below(30)
    if (kind === 0) return null
    if (kind === 1) return Buffer.alloc(0)
    const length = random.below(kind === 2 ? bytesMax : Math.min(bytesMax, 150)) + 4
    const start = random.below(this.#bytes.length - length)
    const data = Buffer.from(this.#bytes.subarray(start, start + length))
    data.writeUInt32LE(++this.#made)
    return data
  }

  /** Some that many nodes have, many that one has. */
  #list(): AclList {
    const random = this.#random
    if (random.chance(3, 4)) return openAcl
    if (random.chance(1, 2)) return new AclList(worldMay(random.between(1, 3)))
    return new AclList([{ perms: 31, scheme: 'ip', id: `10.0.0.${random.below(200)}` }])
  }
}

/** Takes a piece of the snapshot after every so many changes; loaded, it must be what there was when it began. */
async function snapshotWhile(churn: Churn, stepsPerPiece: number, change: () => void): Promise<number> {
  const { state } = churn
  const digest = state.digest()
  const nodes = copyOf(churn.nodes)
  const pieces: Buffer[] = []
  const pause = async () => {
    for (let i = 0; i < stepsPerPiece; i++) change()
  }
  for await (const piece of state.snapshot(pause)) pieces.push(piece)
  const loaded = new ReplicatedState()
  await loaded.load(chunksOf(pieces))
  expect(loaded.digest()).toBe(digest)
  expectNodes(loaded.tree, nodes)
  return pieces.length
}

test('property: a hundred thousand changes, snapshots taken in pieces between them -> as a map of plain nodes', async () => {
  const run = async (seed: number): Promise<void> => {
    const churn = new Churn(seed)
    const { tree } = churn.state
    let pieces = 0
    // Up beyond a page of records, down to next to nothing, and up again, with other sizes each time.
    for (const [share, bytesMax] of [
      [45, 1000],
      [15, 40_000],
      [40, 100_000],
      [15, 300],
      [40, 600],
    ] as const) {
      const change = () => churn.step(share, bytesMax)
      for (let i = 0; i < 9_000; i++) change()
      pieces += await snapshotWhile(churn, 250, change)
    }
    while (churn.steps < 100_000) churn.step(20, 100)
    expectNodes(tree, churn.nodes)
    expect(pieces).toBeGreaterThan(30)
    expect(churn.mostNodes).toBeGreaterThan(4096)
    // A place that is free is taken before a new one is: one more, for the node that was removed last.
    expect(tree.placesEnd).toBeLessThanOrEqual(churn.mostNodes + 2)
  }
  await fc.assert(fc.asyncProperty(fc.integer(), run), { numRuns: 1, endOnFailure: true })
}, 60_000)

test('nodes come, go, and get other data, beside snapshots to the end and given up -> as many chunks of memory as nodes', async () => {
  const taken = vi.spyOn(ByteHeap.prototype, 'allocate')
  const given = vi.spyOn(ByteHeap.prototype, 'release')
  try {
    const churn = new Churn(1)
    const { state } = churn
    const { tree } = state
    const change = (steps: number, share: number) => {
      for (let i = 0; i < steps; i++) churn.step(share, 50_000)
    }
    const held = () => taken.mock.calls.length - given.mock.calls.length
    change(3000, 45)
    for (const givenUp of [true, false]) {
      let heldMost = 0
      const pause = async () => {
        change(1500, 25)
        heldMost = Math.max(heldMost, held() - churn.nodes.size)
        if (givenUp) throw new Error('given up')
      }
      const whole = collect(state.snapshot(pause))
      if (givenUp) await expect(whole).rejects.toThrow('given up')
      else await whole
      // Nodes that were removed, or have other data, before the walk came by.
      expect(heldMost).toBeGreaterThan(5)
      // The node that was removed last has its own until another one comes or goes.
      expect(held() - churn.nodes.size).toBeLessThanOrEqual(1)
    }
    change(2000, 15)
    for (const path of [...churn.nodes.keys()].reverse()) {
      if (!reserved.includes(path)) tree.remove(tree.find(path) as Znode, 2 ** 40)
    }
    expect(held()).toBe(reserved.length + 1)
    expect(taken.mock.calls.length).toBeGreaterThan(2000)
  } finally {
    vi.restoreAllMocks()
  }
})

/** A tree that these nodes were put into, and what has no place in it. */
function withInserted(paths: readonly string[]) {
  const { tree } = new ReplicatedState()
  for (const path of paths) {
    const image = new NodeImage()
    image.setPath(path)
    tree.insert(image)
  }
  const misfit = tree.settle()
  return { tree, misfit: misfit === null ? null : `${tree.path(misfit.node)} ${misfit.because}` }
}

test('nodes that a snapshot brings before their parents -> each is linked to its own, in any order', () => {
  const { tree, misfit } = withInserted(['/a/x', '/b/y', '/c/z', '/a', '/b', '/c', '/b/w'])
  expect(misfit).toBeNull()
  const children = ['/a', '/b', '/c'].map((path) => tree.childNames(tree.find(path) as Znode).sort())
  expect(children).toEqual([['x'], ['w', 'y'], ['z']])
})

test('a node that a snapshot brings twice, or without its parent -> found out, near each other or far apart', () => {
  const others = Array.from({ length: 10_000 }, (_, i) => `/n${i}`)
  expect(withInserted(['/a', '/a']).misfit).toBe('/a twice')
  expect(withInserted(['/n9999/x', '/n17', ...others]).misfit).toBe('/n17 twice')
  expect(withInserted(['/n9999/x', ...others, '/zookeeper']).misfit).toBe('/zookeeper twice')
  expect(withInserted(['/b/y', ...others, '/n1/ä', '/n1/ä/ö']).misfit).toBe('/b/y orphan')
  expect(withInserted(['ä']).misfit).toBe('ä orphan')
  // Bytes without a slash are nobody's child, though what they begin with was somebody's parent just before.
  expect(withInserted(['a', 'a/b', 'ab']).misfit).toBe('ab orphan')
  const { tree, misfit } = withInserted(['/n9999/x', ...others, '/n1/ä', '/n1/ä/ö'])
  expect(misfit).toBeNull()
  expect(tree.descendantCount(tree.find('/n1') as Znode)).toBe(2)
  expect(tree.descendantCount(tree.find('/n9999') as Znode)).toBe(1)
})
