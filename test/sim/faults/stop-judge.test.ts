import { describe, expect, it } from 'vitest'
import { BrokenInvariant } from '../../../src/runtime/assert.ts'
import { CodedError } from '../../../src/runtime/coded-error.ts'
import { damaged, ioFailed, StorageError } from '../../../src/storage/storage-error.ts'
import { faultWorld } from './fault-world.ts'

function judged() {
  const { ensemble, judge } = faultWorld()
  const config = ensemble.configOf(2)
  return { ensemble, judge, problemOf: (error: unknown) => judge.problemOf({ id: 2, error, config }) }
}

const rotten = damaged({ path: '/data/2/h-0001/log.1', offset: 5, found: 'a', expected: 'b' })
const failed = ioFailed(
  'writing /data/2/h-0001/log.1',
  new CodedError('EIO', 'EIO: the disk failed to write'),
)

describe('judge of servers that stop by themselves', () => {
  it('broken invariant -> never expected, whatever was done to the server', () => {
    const { judge, problemOf } = judged()
    judge.onRotten(2)
    expect(problemOf(new BrokenInvariant('x'))).toMatch(/a rule of the code is broken/)
  })

  it('damaged data -> expected only after rot, and no more when its disk was emptied', () => {
    const { judge, problemOf } = judged()
    expect(problemOf(rotten)).toMatch(/nothing damaged/)
    judge.onRotten(1)
    expect(problemOf(rotten)).toMatch(/nothing damaged/)
    judge.onRotten(2)
    expect(problemOf(rotten)).toBeNull()
    expect(judge.isDamaged(2)).toBe(true)
    judge.onWiped(2)
    expect(judge.isDamaged(2)).toBe(false)
    expect(problemOf(rotten)).toMatch(/nothing damaged/)
    expect(judge.stops).toBe(1)
  })

  it('a disk that fails -> expected only when it failed this very process', () => {
    const { ensemble, judge, problemOf } = judged()
    expect(problemOf(failed)).toMatch(/its disk did not fail/)
    const { disk } = ensemble.host(2)
    const file = disk.openFile('f', true)
    disk.failWrites(1)
    expect(() => disk.write(file, [Buffer.from('x')], 0)).toThrow(/EIO/)
    expect(problemOf(failed)).toBeNull()
    judge.onStart(2)
    expect(problemOf(failed)).toMatch(/its disk did not fail/)
  })

  it('wrong data directory or address -> expected only while it is misdirected', () => {
    const { judge, problemOf } = judged()
    const wrong = new StorageError(
      'WRONG_SERVER',
      '/data/2 belongs to server 2, expected server 1. Way out: x',
    )
    const nowhere = new CodedError('EADDRNOTAVAIL', 'cannot listen on s1:4181: not an address of here')
    expect(problemOf(wrong)).not.toBeNull()
    judge.onMisdirected(2, true)
    expect(problemOf(wrong)).toBeNull()
    expect(problemOf(nowhere)).toBeNull()
    judge.onMisdirected(2, false)
    expect(problemOf(nowhere)).toMatch(/no fault explains/)
  })

  it('a message without the file, what was found, or the way out -> a problem, however much to be expected', () => {
    const { judge, problemOf } = judged()
    judge.onRotten(2)
    const saying = (text: string) => problemOf(new StorageError('DAMAGED', text))
    expect(saying('found a, expected b. Way out: x')).toMatch(/does not name the file/)
    expect(saying('/data/2/state: expected b. Way out: x')).toMatch(/what was found/)
    expect(saying('/data/2/state: found a. Way out: x')).toMatch(/what was expected/)
    expect(saying('/data/2/state: found a, expected b.')).toMatch(/way out/)
    expect(saying('/data/2/state: found a, expected b. Way out: x')).toBeNull()
  })

  it('anything else -> no fault explains it', () => {
    const { judge, problemOf } = judged()
    judge.onRotten(2)
    judge.onMisdirected(2, true)
    expect(problemOf(new TypeError('x is not a function'))).toMatch(/no fault explains/)
    expect(problemOf(new StorageError('PURGED', 'x'))).toMatch(/no fault explains/)
  })
})
