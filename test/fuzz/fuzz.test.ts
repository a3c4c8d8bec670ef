import { expect, inject, test } from 'vitest'
import { atDepth } from '../depth.ts'
import { fuzz, ports } from './fuzzer.ts'

const frames = atDepth(8000, 20_000)

// A million at each port: npm run fuzz -- --frames 1000000
test.each(ports)('fuzz: %s port -> no server ends or grows, honest clients are served', async (port) => {
  expect(inject('buildFault')).toBeNull()
  const figures = await fuzz({ port, frames, seed: 'test', onProgress: () => {} })
  expect(figures.problems).toEqual([])
  expect(figures.honest.operations).toBeGreaterThan(20)
  const { random, mutated, 'protocol-aware': aware } = figures.frames
  expect(Math.min(random, mutated, aware)).toBeGreaterThan(500)
})
