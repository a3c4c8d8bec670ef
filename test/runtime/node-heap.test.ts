import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { collectGarbageLessOften } from '../../src/runtime/node-heap.ts'

function flagsSet(...execArgv: string[]): string[] {
  const flags: string[] = []
  collectGarbageLessOften(execArgv, (flag) => flags.push(flag))
  return flags
}

test('a process started as usual -> its heap may grow further between collections, by a flag that the engine knows', () => {
  const flags = flagsSet('--trace-gc')
  expect(flags).toEqual(['--heap-growing-percent=200'])
  expect(spawnSync(process.execPath, [...flags, '-e', '0']).status).toBe(0)
})

test.each(['--heap-growing-percent=30', '--heap_growing_percent=30'])(
  'started with %s -> that stays',
  (own) => {
    expect(flagsSet('--trace-gc', own)).toEqual([])
  },
)
