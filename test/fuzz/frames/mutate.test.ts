import { expect, test } from 'vitest'
import type { Hello } from '../../../src/replication/messages.ts'
import { SeededRandom } from '../../../src/runtime/seeded-random.ts'
import { clientScript } from './client-frames.ts'
import { mutated, withLength } from './mutate.ts'
import type { Script } from './script.ts'
import { serverScript } from './server-frames.ts'

const member: Hello = {
  type: 'hello',
  from: 1,
  to: 2,
  members: [1, 2, 3],
  ensembleId: '0'.repeat(32),
  founded: true,
}

test('fuzz: the same seed -> the same frames, another seed -> others', () => {
  for (let i = 0; i < 200; i++) {
    expect(clientScript(`a/${i}`)).toEqual(clientScript(`a/${i}`))
    expect(serverScript(`a/${i}`, member, 1)).toEqual(serverScript(`a/${i}`, member, 1))
  }
  expect(clientScript('a/1')).not.toEqual(clientScript('a/2'))
})

test('fuzz: many seeds -> every kind of frame, on new connections and on those that were let in', () => {
  const kinds = (script: Script): string => `${script.kind}${script.opening === null ? '' : ', let in'}`
  const expected = ['mutated', 'mutated, let in', 'protocol-aware', 'protocol-aware, let in', 'random']
  const seeds = Array.from({ length: 2000 }, (_, i) => String(i))
  expect([...new Set(seeds.map((seed) => kinds(clientScript(seed))))].sort()).toEqual(expected)
  expect([...new Set(seeds.map((seed) => kinds(serverScript(seed, member, 1))))].sort()).toEqual(expected)
})

test('fuzz: mutated bytes -> nearly always other bytes, and the original is left alone', () => {
  const random = new SeededRandom(1)
  const original = Buffer.from('the original bytes of some frame')
  const kept = Buffer.from(original)
  const changed = Array.from({ length: 1000 }, () => mutated(random, original)).filter(
    (bytes) => !bytes.equals(kept),
  )
  expect(changed.length).toBeGreaterThan(900)
  expect(original).toEqual(kept)
})

test('fuzz: a body with its length -> the length is that of the body', () => {
  expect(withLength(Buffer.from('abc'))).toEqual(Buffer.from([0, 0, 0, 3, 97, 98, 99]))
})
