import { expect, it } from 'vitest'
import { drainMicrotasks } from '../../src/runtime/drain-microtasks.ts'

it('drain: a chain of a thousand continuations, also through next ticks -> all have run', async () => {
  let steps = 0
  const chain = async (): Promise<void> => {
    for (let i = 0; i < 1_000; i++) {
      await (i % 100 === 0 ? new Promise<void>((done) => process.nextTick(done)) : null)
      steps++
    }
  }
  void chain()
  await drainMicrotasks()
  expect(steps).toBe(1_000)
})
