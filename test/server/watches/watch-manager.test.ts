import { describe, expect, test } from 'vitest'
import { limits } from '../../../src/server/limits.ts'
import { WatchManager } from '../../../src/server/watches/watch-manager.ts'
import type { Watcher } from '../../../src/server/watches/watcher.ts'
import { openAcl } from '../../../src/tree/acl-table.ts'
import { noIdentities } from '../../../src/tree/identities.ts'
import { ReplicatedState } from '../../../src/tree/replicated-state.ts'

class TestWatcher implements Watcher {
  readonly identities = noIdentities
  isClosed = false
  readonly frames: Uint8Array[] = []
  readonly reasons: string[] = []

  sendEvent(frame: Uint8Array): void {
    this.frames.push(frame)
  }

  giveUpWatches(reason: string): void {
    this.reasons.push(reason)
  }
}

const manager = (): WatchManager<TestWatcher> => new WatchManager(() => {})

describe('watch manager', () => {
  test('many watchers of one node -> the event is encoded once: all are lent the same bytes', () => {
    const watches = manager()
    const watchers = Array.from({ length: 10_000 }, () => new TestWatcher())
    for (const watcher of watchers) expect(watches.watchData('/a', watcher)).toBe(true)
    watches.nodeDataChanged('/a', openAcl, 7)
    const first = watchers[0]?.frames[0]
    expect(first).toBeDefined()
    for (const { frames } of watchers) {
      expect(frames).toHaveLength(1)
      expect(frames[0]).toBe(first)
    }
    expect(watches.size).toBe(0)
  })

  test('all connections together reach the bound -> who asks for more is given up; when one leaves there is room again', () => {
    const watches = manager()
    const paths = Array.from({ length: 100 }, (_, i) => `/${i}/${'x'.repeat(1024 * 1024)}`)
    const held = Math.ceil(limits.watchBytesMax / (100 * 1024 * 1024))
    const watchers = Array.from({ length: held }, () => new TestWatcher())
    let last = true
    for (const watcher of watchers) for (const path of paths) last &&= watches.watchData(path, watcher)
    expect(last).toBe(false)
    const late = new TestWatcher()
    expect(watches.watchChildren('/a', late)).toBe(false)
    expect(watches.watchPersistently('/a', late)).toBe(false)
    expect(watches.watchRecursively('/a', late)).toBe(false)
    expect(late.reasons).toHaveLength(3)
    expect(late.reasons[0]).toMatch(
      /^all watches of this server take about \d+ bytes \(536870912 are allowed\)/,
    )
    watches.drop(watchers[0] as TestWatcher)
    expect(watches.watchChildren('/a', late)).toBe(true)
  })

  test('closed in the middle of its request -> it leaves no more watches', () => {
    const watches = manager()
    const { tree } = new ReplicatedState()
    const watcher = new TestWatcher()
    watcher.sendEvent = () => {
      watcher.isClosed = true
      watches.drop(watcher)
    }
    const lists = {
      relativeZxid: 0,
      data: ['/gone'],
      exist: ['/gone'],
      child: [],
      persistent: [],
      recursive: [],
    }
    expect(watches.restore(watcher, lists, tree)).toBe(false)
    expect(watches.size).toBe(0)
    expect(watcher.reasons).toEqual([])
  })
})
