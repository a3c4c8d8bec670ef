import { beforeEach, describe, expect, test } from 'vitest'
import { SessionHarness } from './harness.ts'

let h: SessionHarness

beforeEach(() => {
  h = new SessionHarness()
})

describe('initial tree', () => {
  test('an empty server -> the four nodes with the stats that ZooKeeper shows', () => {
    const zero = {
      czxid: 0,
      mzxid: 0,
      ctime: 0,
      mtime: 0,
      version: 0,
      cversion: 0,
      aversion: 0,
      ephemeralOwner: 0n,
      dataLength: 0,
      numChildren: 0,
      pzxid: 0,
    }
    expect(h.stat('/')).toEqual({ ...zero, cversion: -1, numChildren: 1 })
    expect(h.stat('')).toEqual(h.stat('/'))
    expect(h.stat('/zookeeper')).toEqual({ ...zero, cversion: -2, numChildren: 2 })
    expect(h.stat('/zookeeper/quota')).toEqual(zero)
    expect(h.stat('/zookeeper/config')).toEqual({ ...zero, aversion: -1 })
    expect(h.state.tree.nodeCount).toBe(5)
  })

  test('a state that is being replaced, root and all -> no node is found, not even by the empty path', () => {
    const { tree } = h.state
    tree.clear()
    for (const path of ['', '/']) {
      expect(tree.find(path)).toBeUndefined()
      expect(tree.findBytes(Buffer.from(path), 0, path.length)).toBeUndefined()
    }
  })
})
