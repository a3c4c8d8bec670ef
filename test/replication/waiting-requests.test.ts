import { expect, test } from 'vitest'
import { WaitingRequests } from '../../src/replication/waiting-requests.ts'

const batch = (from: number, text: string) => ({ from, bytes: Buffer.from(text) })

test('waiting requests: some taken, one server forgotten -> the others’ are left, in order, and new ones come behind', () => {
  const waiting = new WaitingRequests()
  for (const [from, text] of [
    [1, 'a'],
    [2, 'b'],
    [1, 'c'],
    [3, 'd'],
    [2, 'e'],
  ] as const)
    waiting.push(batch(from, text))
  expect(waiting.take()).toEqual(batch(1, 'a'))
  waiting.forget(1)
  waiting.push(batch(1, 'f'))
  const left: string[] = []
  while (!waiting.isEmpty) left.push(waiting.take()?.bytes.toString() ?? '')
  expect(left.join('')).toBe('bdef')
  expect(waiting.take()).toBeUndefined()
})
