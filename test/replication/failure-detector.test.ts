import { expect, test } from 'vitest'
import { FailureDetector } from '../../src/replication/failure-detector.ts'

const detector = (): FailureDetector => new FailureDetector({ timeoutMs: 1000, lookEveryMs: 100, nowMs: 0 })

/** Looks every 100 ms from `from` to `to`. */
function look(watch: FailureDetector, from: number, to: number): { atMs: number; silent: number[] }[] {
  const found: { atMs: number; silent: number[] }[] = []
  for (let atMs = from; atMs <= to; atMs += 100) {
    const silent = watch.silent(atMs)
    if (silent.length > 0) found.push({ atMs, silent })
  }
  return found
}

test('failure detector: silence for longer than the timeout -> failed, not before', () => {
  const watch = detector()
  watch.heard(1, 0)
  look(watch, 100, 500)
  watch.heard(2, 500)
  expect(look(watch, 600, 1000)).toEqual([])
  expect(watch.silent(1100)).toEqual([1])
  watch.forget(1)
  expect(look(watch, 1200, 1500)).toEqual([])
  expect(watch.silent(1600)).toEqual([2])
})

test('failure detector: heard again in time -> lives on', () => {
  const watch = detector()
  watch.heard(1, 0)
  look(watch, 100, 900)
  watch.heard(1, 950)
  expect(look(watch, 1000, 1900)).toEqual([])
})

test('failure detector: it was itself stopped for ten seconds -> nobody has failed, and silence counts from then', () => {
  const watch = detector()
  watch.heard(1, 0)
  watch.heard(2, 0)
  watch.silent(100)
  expect(watch.silent(10_100)).toEqual([])
  watch.heard(2, 10_110)
  expect(look(watch, 10_200, 11_000)[0]).toEqual({ atMs: 11_000, silent: [1] })
})

test('failure detector: silent before its own pause -> the time before the pause still counts', () => {
  const watch = detector()
  watch.heard(1, 0)
  look(watch, 100, 900)
  expect(watch.silent(5000)).toEqual([])
  expect(watch.silent(5100)).toEqual([1])
})

test('failure detector: forgotten -> never told again', () => {
  const watch = detector()
  watch.heard(1, 0)
  watch.forget(1)
  expect(look(watch, 100, 3000)).toEqual([])
})
