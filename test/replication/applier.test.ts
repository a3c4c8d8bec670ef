import { describe, expect, test } from 'vitest'
import { Applier } from '../../src/replication/applier.ts'
import { drainMicrotasks } from '../../src/runtime/drain-microtasks.ts'
import { SeededRandom } from '../../src/runtime/seeded-random.ts'
import type { Timers } from '../../src/runtime/timers.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { type Zxid, zxidOf } from '../../src/tree/zxid.ts'
import { recordOf, recordsOf } from '../storage/helpers.ts'
import { CountingState } from './counting-state.ts'

/** A log as far as the applier sees it: what it has taken, what of that is durable, and slow reading. */
class FakeLog {
  zxids: Zxid[] = []
  durableZxid: Zxid = 0
  noted: Zxid = 0
  reads = 0
  readonly #random: SeededRandom

  constructor(random: SeededRandom) {
    this.#random = random
  }

  get lastZxid(): Zxid {
    return this.zxids.at(-1) ?? 0
  }

  noteCommit(zxid: Zxid): void {
    this.noted = zxid
  }

  async *readRecords(after: Zxid, upTo: Zxid): AsyncGenerator<Buffer> {
    if (upTo > this.durableZxid) throw new Error(`reading to ${upTo}, durable is ${this.durableZxid}`)
    this.reads++
    const wanted = this.zxids.filter((zxid) => zxid > after && zxid <= upTo)
    while (wanted.length > 0) {
      await Promise.resolve()
      yield recordsOf(wanted.splice(0, 1 + this.#random.below(4)))
    }
  }
}

function setUp(seed = 'applier') {
  const random = new SeededRandom(seed)
  const log = new FakeLog(random)
  const state = new CountingState()
  const later: (() => void)[] = []
  const failures: Error[] = []
  let count = 0
  const applier = new Applier({
    storage: log as unknown as Storage,
    state,
    timers: { endOfTurn: (call: () => void) => later.push(call) } as unknown as Timers,
    onApplied: (applied) => {
      count += applied
    },
    onFailure: (error) => failures.push(error),
  })
  const turn = async (): Promise<void> => {
    await drainMicrotasks()
    for (const call of later.splice(0)) call()
  }
  const settle = async (): Promise<void> => {
    // Reading and slices take turns with each other; nothing here needs more than this.
    for (let i = 0; i < 60; i++) await turn()
  }
  return { random, log, state, applier, failures, turn, settle, applied: () => count }
}

const zxids = (state: CountingState): Zxid[] => state.entries.map((entry) => entry.zxid)
const z = (counter: number): Zxid => zxidOf(1, counter)

describe('applier', () => {
  test('committed and in memory -> applied at once, and no further than the log has taken it', () => {
    const { applier, log, state } = setUp()
    applier.add(recordsOf([z(1), z(2), z(3)]), 0)
    log.zxids = [z(1), z(2)]
    applier.commitTo(z(3))
    expect(zxids(state)).toEqual([z(1), z(2)])
    log.zxids.push(z(3))
    applier.advance()
    expect(zxids(state)).toEqual([z(1), z(2), z(3)])
    expect(log.noted).toBe(z(3))
    expect(log.reads).toBe(0)
  })

  test('an initial history that is only in the log -> read from there, then what waits in memory', async () => {
    const { applier, log, state, settle } = setUp()
    log.zxids = [z(1), z(2), z(3), z(4), z(5)]
    log.durableZxid = z(3)
    applier.add(recordsOf([z(4), z(5)]), z(3))
    applier.commitTo(z(5))
    await settle()
    expect(zxids(state)).toEqual(log.zxids)
  })

  test('waiting for a transaction -> called once it is applied, at once when it is already', () => {
    const { applier, log } = setUp()
    const called: string[] = []
    applier.add(recordsOf([z(1), z(2)]), 0)
    log.zxids = [z(1), z(2)]
    applier.whenApplied(z(2), () => called.push('second'))
    applier.commitTo(z(1))
    applier.whenApplied(z(1), () => called.push('first'))
    expect(called).toEqual(['first'])
    applier.commitTo(z(2))
    expect(called).toEqual(['first', 'second'])
  })

  test('the link is gone -> what waited in memory is forgotten, with who waited for it', async () => {
    const { applier, log, state, settle } = setUp()
    let called = false
    applier.add(recordsOf([z(1), z(2)]), 0)
    applier.whenApplied(z(2), () => {
      called = true
    })
    applier.forgetProposals()
    // The next reign wiped them; its own stand there.
    log.zxids = [zxidOf(2, 1)]
    log.durableZxid = zxidOf(2, 1)
    applier.commitTo(zxidOf(2, 1))
    await settle()
    expect(zxids(state)).toEqual([zxidOf(2, 1)])
    expect(called).toBe(false)
  })

  test('the state throws -> told as a failure, whoever called', async () => {
    const broken = (): never => {
      throw new Error('cannot apply')
    }
    const memory = setUp()
    memory.state.apply = broken
    memory.applier.add(recordsOf([z(1)]), 0)
    memory.log.zxids = [z(1)]
    memory.applier.commitTo(z(1))
    expect(memory.failures.map((error) => error.message)).toEqual(['cannot apply'])
    const log = setUp()
    log.state.apply = broken
    log.log.zxids = [z(1)]
    log.log.durableZxid = z(1)
    log.applier.commitTo(z(1))
    await log.settle()
    expect(log.failures.map((error) => error.message)).toEqual(['cannot apply'])
  })

  test('more than a slice -> other work gets its turn in between', async () => {
    const { applier, log, state, turn, settle } = setUp()
    const many = Array.from({ length: 4_500 }, (_, i) => z(i + 1))
    applier.add(recordsOf(many), 0)
    log.zxids = [z(4_500)]
    applier.commitTo(z(4_500))
    expect(state.entries).toHaveLength(2_000)
    await turn()
    expect(state.entries).toHaveLength(4_000)
    await settle()
    expect(state.entries).toHaveLength(4_500)
  })

  test('few transactions, but large ones -> slices by their bytes', async () => {
    const { applier, log, state, turn, settle } = setUp()
    const large = (counter: number): Buffer => recordOf(z(counter), 0, Buffer.alloc(200_000))
    applier.add(Buffer.concat([1, 2, 3, 4].map(large)), 0)
    applier.add(Buffer.concat([5, 6, 7, 8].map(large)), z(4))
    log.zxids = [z(8)]
    applier.commitTo(z(8))
    expect(state.entries).toHaveLength(3)
    await turn()
    expect(state.entries).toHaveLength(6)
    await settle()
    expect(state.entries).toHaveLength(8)
  })

  test('any mixture of proposals, commits, syncs and lost links -> a prefix of the log, in order, each once', async () => {
    for (let seed = 0; seed < 150; seed++) {
      const { applier, log, state, random, turn, settle, failures, applied } = setUp(`mixture ${seed}`)
      const committed: Zxid[] = []
      let epoch = 1
      let counter = 0
      let commit: Zxid = 0
      for (let i = 0; i < 120; i++) {
        const what = random.below(10)
        if (what < 4) {
          const behind = log.lastZxid
          const fresh = Array.from({ length: 1 + random.below(4) }, () => zxidOf(epoch, ++counter))
          applier.add(recordsOf(fresh), behind)
          log.zxids.push(...fresh)
          applier.advance()
        } else if (what < 6) {
          log.durableZxid = random.pick([log.durableZxid, log.lastZxid])
          applier.advance()
        } else if (what < 8 && log.zxids.length > 0) {
          const upTo = random.pick(log.zxids)
          if (upTo > commit) commit = upTo
          applier.commitTo(upTo)
        } else if (what === 8) await turn()
        else if (random.chance(1, 3)) {
          // A new reign: everything is on the disk, and what is not committed may be wiped.
          applier.forgetProposals()
          if (random.chance(1, 2)) log.zxids = log.zxids.filter((zxid) => zxid <= commit)
          log.durableZxid = log.lastZxid
          epoch++
          counter = 0
        }
        expect(zxids(state)).toEqual(log.zxids.slice(0, state.entries.length))
        expect(state.lastApplied).toBeLessThanOrEqual(commit)
      }
      log.durableZxid = log.lastZxid
      applier.commitTo(log.lastZxid)
      await settle()
      committed.push(...log.zxids)
      expect(zxids(state), `seed ${seed}`).toEqual(committed)
      expect(applied()).toBe(committed.length)
      expect(failures).toEqual([])
    }
  })
})
