import { expect, test } from 'vitest'
import { WatchManager } from '../../../src/server/watches/watch-manager.ts'
import type { Watcher } from '../../../src/server/watches/watcher.ts'
import type { ApplyListener } from '../../../src/tree/apply-listener.ts'
import { noIdentities } from '../../../src/tree/identities.ts'
import { ReplicatedState } from '../../../src/tree/replicated-state.ts'
import { EventType } from '../../../src/wire/event-types.ts'
import { JuteWriter } from '../../../src/wire/jute-writer.ts'
import { OpCode } from '../../../src/wire/opcodes.ts'
import { chunksOf, collect, createBody, deleteBody, Harness } from '../../tree/harness.ts'

const created = EventType.nodeCreated
const deleted = EventType.nodeDeleted

/** What its recursive watches were told. */
class Told implements Watcher {
  readonly identities = noIdentities
  readonly isClosed = false
  readonly events: [type: number, path: string][] = []

  sendEvent(frame: Uint8Array): void {
    const bytes = Buffer.from(frame)
    this.events.push([bytes.readInt32BE(20), bytes.toString('utf8', 32)])
  }

  giveUpWatches(reason: string): void {
    throw new Error(reason)
  }
}

/** A server's state and its watches, which are told of the nodes that come and go. */
function serverOf(watches: WatchManager<Told>): { state: ReplicatedState; listener: ApplyListener } {
  const state = new ReplicatedState()
  const { tree } = state
  const listener: ApplyListener = {
    nodeCreated: (node, zxid) => watches.nodeCreated(tree.path(node), tree.acl(node), zxid),
    nodeDeleted: (node, zxid) => watches.nodeDeleted(tree.path(node), tree.acl(node), zxid),
    nodeDataChanged: () => {},
    nodeChildrenChanged: () => {},
    sessionCreated: () => {},
    sessionClosed: () => {},
    wantsReply: () => false,
    beginReply: () => new JuteWriter(),
    endReply: () => {},
  }
  return { state, listener }
}

test('watches: a snapshot replaces a history that is still being replayed -> what the replay had made and the snapshot lacks is told as deleted', async () => {
  const elsewhere = new Harness()
  const session = elsewhere.newSession()
  const step = (opcode: number, body: Buffer): number => {
    elsewhere.run(opcode, body, { session })
    return elsewhere.history.length
  }
  const watchedAt = step(OpCode.create, createBody('/p'))
  step(OpCode.create, createBody('/p/k1'))
  const replayedTo = step(OpCode.create, createBody('/p/k2'))
  step(OpCode.delete, deleteBody('/p/k1'))
  const snapshot = await collect(elsewhere.state.snapshot(async () => {}))

  const watches = new WatchManager<Told>((call) => call())
  const { state, listener } = serverOf(watches)
  const watcher = new Told()
  const apply = (count: number): void => {
    for (const { zxid, bytes } of elsewhere.history.slice(0, count)) state.apply(zxid, bytes, listener)
  }
  const willBeReplaced = (): void => {
    state.tree.beginReplay()
    watches.stateWillBeReplaced(state)
  }
  apply(watchedAt)
  watches.watchRecursively('/p', watcher)

  willBeReplaced()
  state.reset()
  apply(replayedTo)
  expect(watcher.events).toEqual([
    [created, '/p/k1'],
    [created, '/p/k2'],
  ])
  // The leader dies before this server serves, and the next one sends a snapshot.
  willBeReplaced()
  await state.load(chunksOf(snapshot))
  watches.stateWasReplaced(state)
  expect(watcher.events.slice(2)).toEqual([[deleted, '/p/k1']])
})
