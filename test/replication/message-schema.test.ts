import { expect, test } from 'vitest'
import { encodeFixed } from '../../src/replication/fixed-layouts.ts'
import { invalidMessage, summaryEpochsMax } from '../../src/replication/message-schema.ts'
import { sampleMessages } from './sample-messages.ts'

const packedMessages = sampleMessages.filter((message) => encodeFixed(message, 0) === null)

/** Values that no field takes. */
const nonsense: unknown[] = [
  undefined,
  -1,
  1.5,
  Number.NaN,
  2 ** 53,
  10n,
  {},
  'nonsense',
  [
    [2, 1],
    [1, 1],
  ],
  Symbol('x'),
]

/** The message, and what is nested in it, with one field replaced. */
function* spoilt(message: object): Generator<{ where: string; spoilt: object }> {
  for (const [name, value] of Object.entries(message)) {
    if (name === 'type') continue
    for (const other of nonsense)
      yield { where: `${name} = ${String(other)}`, spoilt: { ...message, [name]: other } }
    if (name !== 'status') continue
    for (const inner of spoilt(value))
      yield { where: `status.${inner.where}`, spoilt: { ...message, status: inner.spoilt } }
  }
}

test('message schema: every sample that is packed -> valid, and no other', () => {
  for (const message of sampleMessages) {
    expect(invalidMessage(message) === null, message.type).toBe(packedMessages.includes(message))
  }
})

test('message schema: any field of any message missing or of a wrong kind -> refused, by its name', () => {
  let cases = 0
  for (const message of packedMessages) {
    for (const { where, spoilt: body } of spoilt(message)) {
      cases++
      const field = where.split(' ')[0]?.split('.').at(-1) ?? ''
      const problem = invalidMessage(body)
      expect(problem, `${message.type}: ${where}`).not.toBeNull()
      if (!where.startsWith('status =')) expect(problem).toContain(field)
    }
  }
  expect(cases).toBeGreaterThan(500)
})

test('message schema: bytes where a number belongs, and the other way round -> refused in few words', () => {
  const big = Buffer.alloc(1_000_000)
  expect(invalidMessage({ type: 'newEpoch', epoch: big })?.length).toBeLessThan(80)
  expect(invalidMessage({ type: 'historySnapshot', bytes: 5 })).toBe('historySnapshot.bytes is 5')
})

test('message schema: a cycle in what came in -> is refused like anything else', () => {
  const loop: Record<string, unknown> = { type: 'newEpoch' }
  loop['epoch'] = loop
  expect(invalidMessage(loop)).toBe('newEpoch.epoch is an object')
})

test('message schema: a summary -> epochs ascending, counters from 1 on, no more than the most', () => {
  const fetch = (summary: unknown): string | null => invalidMessage({ type: 'fetch', summary })
  expect(
    fetch([
      [1, 1],
      [3, 2 ** 32 - 1],
    ]),
  ).toBeNull()
  expect(
    fetch([
      [1, 1],
      [1, 2],
    ]),
  ).not.toBeNull()
  expect(
    fetch([
      [3, 1],
      [2, 2],
    ]),
  ).not.toBeNull()
  expect(fetch([[1, 0]])).not.toBeNull()
  expect(fetch([[1, 2 ** 32]])).not.toBeNull()
  const most = Array.from({ length: summaryEpochsMax }, (_, i) => [i, 1])
  expect(fetch(most)).toBeNull()
  expect(fetch([...most, [summaryEpochsMax, 1]])).not.toBeNull()
})
