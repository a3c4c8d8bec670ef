import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Harness } from '../client-side-harness.ts'
import type { RawClient } from '../raw-client.ts'
import { NaiveWatches } from './naive-watches.ts'
import {
  addAuth,
  addWatch,
  checkWatches,
  createWith,
  events,
  onlyUserReads,
  perms,
  persistent,
  recursive,
  removeWatches,
  setAcl,
  setWatches2,
} from './requests.ts'

// Few names, so that requests meet; one is the beginning of another.
const paths = ['/', '/a', '/a/b', '/a/b/c', '/a/bc', '/ab', '/ab/c', '/d']
const path = fc.constantFrom(...paths)
const client = fc.nat({ max: 2 })
const pathLists = fc.array(path, { maxLength: 3 })

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('create' as const), path, secret: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), path }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('set' as const), path }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('acl' as const), path, secret: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      client,
      path,
      kind: fc.constantFrom('get' as const, 'exists' as const, 'children' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      client,
      path,
      mode: fc.constantFrom('persistent' as const, 'recursive' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('remove' as const),
      client,
      path,
      type: fc.integer({ min: 1, max: 5 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('restore' as const),
      client,
      ago: fc.nat({ max: 6 }),
      lists: fc.record({
        data: pathLists,
        exist: pathLists,
        child: pathLists,
        persistent: pathLists,
        recursive: pathLists,
      }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('auth' as const), client }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reconnect' as const), client }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** Does the same to a server and to the model, and compares what every client is told. */
class Comparison {
  readonly model = new NaiveWatches()
  readonly harness: Harness
  readonly writer: RawClient
  readonly clients: RawClient[]

  constructor(harness: Harness) {
    this.harness = harness
    this.writer = harness.client()
    // The writer may do everything, so that secrets stand in nobody's way but the readers'.
    this.writer.ask(addAuth(this.writer, 'u:p'))
    this.clients = [0, 1, 2].map(() => harness.client())
  }

  run(steps: readonly Step[]): void {
    for (const one of steps) {
      this.#do(one)
      this.#compare(one)
    }
  }

  #write(request: Buffer): { ok: boolean; zxid: number } {
    const [reply] = this.writer.ask(request)
    if (reply === undefined) throw new Error('a write was not answered')
    return { ok: reply.error === 0, zxid: reply.zxid }
  }

  #do(one: Step): void {
    const { model, writer } = this
    switch (one.do) {
      case 'create': {
        const { ok, zxid } = this.#write(createWith(writer, one.path, one.secret ? onlyUserReads : perms(31)))
        if (ok) model.created(one.path, zxid, one.secret)
        return
      }
      case 'delete': {
        const { ok, zxid } = this.#write(writer.delete(one.path))
        if (ok) model.deleted(one.path, zxid)
        return
      }
      case 'set': {
        const { ok, zxid } = this.#write(writer.set(one.path, 'x'))
        if (ok) model.dataChanged(one.path, zxid)
        return
      }
      case 'acl': {
        // Without the right to administer it nobody could change it again.
        const { ok } = this.#write(setAcl(writer, one.path, one.secret ? onlyUserReads : perms(31)))
        const node = model.nodes.get(one.path)
        if (ok && node !== undefined) node.secret = one.secret
        return
      }
      default:
        this.#ask(one.client, one)
    }
  }

  #ask(index: number, one: Exclude<Step, { do: 'create' | 'delete' | 'set' | 'acl' }>): void {
    const { model } = this
    const asking = this.clients[index] as RawClient
    const succeeds = (request: Buffer): boolean => this.#settle(index, asking.ask(request))
    switch (one.do) {
      case 'read':
        expect(succeeds(asking[one.kind](one.path, true))).toBe(model.read(index, one.kind, one.path))
        return
      case 'add':
        expect(succeeds(addWatch(asking, one.path, one.mode === 'persistent' ? persistent : recursive))).toBe(
          true,
        )
        model.add(index, one.mode, one.path)
        return
      case 'remove': {
        const found = model.find(index, one.path, one.type).length > 0
        expect(succeeds(checkWatches(asking, one.path, one.type))).toBe(found)
        expect(succeeds(removeWatches(asking, one.path, one.type))).toBe(
          model.remove(index, one.path, one.type),
        )
        return
      }
      case 'restore': {
        const relativeZxid = this.harness.side.state.lastApplied - one.ago
        model.restore(index, relativeZxid, one.lists)
        expect(succeeds(setWatches2(asking, relativeZxid, one.lists))).toBe(true)
        return
      }
      case 'auth':
        model.insiders.add(index)
        expect(succeeds(addAuth(asking, 'u:p'))).toBe(true)
        return
      case 'reconnect':
        model.close(index)
        asking.connection.destroy()
        this.clients[index] = this.harness.client()
    }
  }

  /** Whether the reply says yes. Events that came before it are compared here; none comes behind it. */
  #settle(index: number, frames: ReturnType<RawClient['frames']>): boolean {
    expect(events(frames)).toEqual(this.model.take(index))
    const reply = frames.at(-1)
    if (reply === undefined || reply.xid === -1) throw new Error('a request was not answered')
    return reply.error === 0
  }

  #compare(one: Step): void {
    this.clients.forEach((told, index) => {
      expect([index, one, events(told.frames())]).toEqual([index, one, this.model.take(index)])
    })
    const { data, child } = this.harness.side.watches
    expect([data.size, child.size]).toEqual([this.model.count('data'), this.model.count('child')])
    expect(data.bytes > 0).toBe(data.size > 0)
  }
}

describe('watches against a plain model', () => {
  test('random trees, kinds, lists and connections -> the same events in the same order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120, size: 'max' }), async (steps) => {
        new Comparison(await Harness.serving()).run(steps)
      }),
      { numRuns: 150 },
    )
  })
})
