import { describe, expect, test } from 'vitest'
import { drainMicrotasks } from '../../src/runtime/drain-microtasks.ts'
import { GroupCommit } from '../../src/storage/group-commit.ts'
import { StorageError } from '../../src/storage/storage-error.ts'

/** A group commit whose writes end when the test says so, and what it did. */
function setUp(groupBytesMax?: number) {
  const events: string[] = []
  const writes: { succeed: () => void; fail: (error: Error) => void }[] = []
  const pending = (): Promise<void> =>
    new Promise((succeed, fail) => {
      writes.push({ succeed, fail })
    })
  const group = new GroupCommit(
    (pieces) => {
      events.push(`write ${pieces.join('')}`)
      return pending()
    },
    (cause) => new StorageError('IO', String(cause)),
    groupBytesMax,
  )
  const append = (name: string, then: () => void = () => {}): void =>
    group.append(Buffer.from(name), 1, (failure) => {
      events.push(failure === null ? name : `${name} failed`)
      then()
    })
  const between = (name: string): Promise<void> =>
    group.between(() => {
      events.push(name)
      return pending()
    })
  const end = async (error?: Error): Promise<void> => {
    const write = writes.shift()
    if (error === undefined) write?.succeed()
    else write?.fail(error)
    await drainMicrotasks()
  }
  return { group, events, append, between, end }
}

describe('group commit', () => {
  test('what comes in one turn -> one group; what comes while it is written -> the next one', async () => {
    const { group, events, append, end } = setUp()
    append('a')
    append('b')
    expect(events).toEqual([])
    await drainMicrotasks()
    append('c')
    append('d')
    expect(events).toEqual(['write ab'])
    expect(group.waitingBytes).toBe(4)
    await end()
    expect(events).toEqual(['write ab', 'a', 'b', 'write cd'])
    await end()
    expect(events.slice(4)).toEqual(['c', 'd'])
    expect([group.idle, group.waitingBytes]).toEqual([true, 0])
  })

  test('what a settled write brings about at once -> belongs into the next group', async () => {
    const { events, append, end } = setUp()
    append('a', () => append('c'))
    await drainMicrotasks()
    append('b')
    await end()
    expect(events).toEqual(['write a', 'a', 'write bc'])
  })

  test('more than a group may hold -> the rest follows in the next one, one entry at least', async () => {
    const { events, append, end } = setUp(3)
    for (const name of ['aaaa', 'b', 'cc', 'd']) append(name)
    await drainMicrotasks()
    await end()
    await end()
    await end()
    expect(events.filter((event) => event.startsWith('write'))).toEqual([
      'write aaaa',
      'write bcc',
      'write d',
    ])
  })

  test('work in between -> behind all that came before, in front of all that comes after', async () => {
    const { events, append, between, end } = setUp()
    append('a')
    let done = false
    void between('work').then(() => {
      done = true
    })
    append('b')
    await drainMicrotasks()
    await end()
    expect(events).toEqual(['write a', 'a', 'work'])
    await end()
    expect(done).toBe(true)
    expect(events.slice(3)).toEqual(['write b'])
  })

  test('a write fails -> it and all that wait and come fail, in order; nothing is written any more', async () => {
    const { group, events, append, between, end } = setUp(1)
    append('a')
    append('b')
    const work = between('work')
    append('c')
    await drainMicrotasks()
    const refused = expect(work).rejects.toMatchObject({ code: 'IO' })
    await end(new Error('broken'))
    await refused
    append('d')
    expect(events).toEqual(['write a', 'a failed', 'b failed', 'c failed'])
    await drainMicrotasks()
    expect(events.slice(4)).toEqual(['d failed'])
    expect([group.idle, group.waitingBytes]).toEqual([true, 0])
    await expect(between('later')).rejects.toMatchObject({ code: 'IO' })
  })

  test('made to fail while a write is under way -> that one fails as well, and it is waited for', async () => {
    const { group, events, append, end } = setUp()
    append('a')
    await drainMicrotasks()
    group.fail(new StorageError('IO', 'closed'))
    let rested = false
    void group.settled().then(() => {
      rested = true
    })
    await drainMicrotasks()
    expect(rested).toBe(false)
    await end()
    expect(rested).toBe(true)
    expect(events).toEqual(['write a', 'a failed'])
  })
})
