import { expect } from 'vitest'
import type { AclList } from '../../src/tree/acl-table.ts'
import { parentOf } from '../../src/tree/paths.ts'
import type { Tree } from '../../src/tree/tree.ts'
import type { Znode } from '../../src/tree/znode.ts'
import { JuteReader } from '../../src/wire/jute-reader.ts'
import { JuteWriter } from '../../src/wire/jute-writer.ts'
import { GetChildrenResponse, StatResponse } from '../../src/wire/requests.ts'

/** What a node is to hold, in plain fields. */
export interface PlainNode {
  data: Buffer | null
  acl: AclList
  owner: number
  czxid: number
  mzxid: number
  pzxid: number
  ctime: number
  mtime: number
  version: number
  aversion: number
  creations: number
  children: number
}

/** All nodes that a tree is to have, by path. */
export type PlainNodes = Map<string, PlainNode>

/** As it is now: what is compared later must not change with the original. Data are never changed in place. */
export const copyOf = (nodes: PlainNodes): PlainNodes =>
  new Map([...nodes].map(([path, node]) => [path, { ...node }]))

export function plainOf(tree: Tree, path: string): PlainNode {
  const node = tree.find(path)
  if (node === undefined) throw new Error(`no node ${path}`)
  const data = tree.data(node)
  return {
    data: data && Buffer.from(data),
    acl: tree.acl(node),
    owner: tree.owner(node),
    czxid: tree.czxid(node),
    mzxid: tree.mzxid(node),
    pzxid: tree.pzxid(node),
    ctime: tree.ctime(node),
    mtime: tree.mtime(node),
    version: tree.version(node),
    aversion: tree.aversion(node),
    creations: tree.childCreations(node),
    children: tree.childCount(node),
  }
}

const found = new JuteWriter()
const wanted = new JuteWriter()

/** Finds the node in each way, and compares all that is to be read of it. */
export function expectNode(tree: Tree, path: string, plain: PlainNode): Znode {
  const bytes = Buffer.from(`x${path}x`)
  const node = tree.find(path)
  if (node === undefined || tree.findBytes(bytes, 1, bytes.length - 1) !== node) {
    throw new Error(`${path} is not found in both ways`)
  }
  found.reset()
  tree.writePath(node, found)
  tree.writeData(node, found)
  tree.writeStat(node, found)
  found.long(tree.owner(node)).int(tree.childCreations(node)).raw(tree.acl(node).bytes)
  const { data, acl, owner, czxid, mzxid, pzxid, ctime, mtime, version, aversion, creations, children } =
    plain
  wanted.reset()
  wanted.string(path).buffer(data).long(czxid).long(mzxid).long(ctime).long(mtime).int(version)
  wanted
    .int(2 * creations - children)
    .int(aversion)
    .long(Math.max(owner, 0))
    .int(data?.length ?? 0)
  wanted.int(children).long(pzxid).long(owner).int(creations).raw(acl.bytes)
  // Bytes against bytes: the runner's own comparisons would take longer than everything else.
  if (wanted.view().equals(found.view())) return node
  const stat = new JuteWriter()
  tree.writeStat(node, stat)
  expect({ path: tree.path(node), ...plainOf(tree, path) }).toEqual({ path, ...plain })
  throw new Error(
    `${path} has the stat ${JSON.stringify(StatResponse.read(new JuteReader(stat.view())).stat)}`,
  )
}

/** Compares everything: each node, what is listed and counted below it, and the sums over all. */
export function expectNodes(tree: Tree, nodes: PlainNodes): void {
  expect([...tree.nodes()].map((node) => tree.path(node)).sort()).toEqual([...nodes.keys()].sort())
  // The root is counted twice.
  expect(tree.nodeCount - 1).toBe(nodes.size)
  const below = new Map(
    [...nodes.keys()].map((path) => [path, { names: [] as string[], count: 0, bytes: 0 }]),
  )
  let bytes = 0
  for (const [path, { data }] of nodes) {
    const dataLength = data?.length ?? 0
    bytes += path.length + dataLength
    if (path !== '/') below.get(parentOf(path))?.names.push(path.substring(path.lastIndexOf('/') + 1))
    for (let at = path; at !== '/'; ) {
      at = parentOf(at)
      const sums = below.get(at)
      if (sums === undefined) throw new Error(`${path} has no ${at} above it`)
      sums.count++
      sums.bytes += dataLength
    }
  }
  for (const [path, plain] of nodes) {
    const node = expectNode(tree, path, plain)
    const sums = below.get(path)
    const list = new JuteWriter()
    tree.writeChildNames(node, list)
    const { children } = GetChildrenResponse.read(new JuteReader(list.view()))
    const figures = {
      names: [...(children ?? [])].sort(),
      count: tree.descendantCount(node),
      bytes: tree.subtreeBytes(node),
    }
    const own = plain.data?.length ?? 0
    if (figures.count === 0 && sums?.count === 0 && children?.length === 0 && figures.bytes === own) continue
    expect(figures).toEqual({
      names: sums?.names.sort(),
      count: sums?.count,
      bytes: (sums?.bytes ?? 0) + own,
    })
  }
  expect(tree.approximateDataBytes).toBe(bytes)
  const ephemerals = [...nodes.values()].filter(({ owner }) => owner > 0)
  expect(tree.ephemeralCount).toBe(ephemerals.length)
  const reaped = [...nodes].filter(([, { owner }]) => owner < 0).map(([path]) => path)
  expect([...tree.reaped].map((node) => tree.path(node)).sort()).toEqual(reaped.sort())
}
