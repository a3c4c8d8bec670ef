import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compare } from './compare.ts'
import { listed, listedElsewhere, noDifference } from './listed.ts'
import type { Program } from './program.ts'
import type { Seen, Transcript } from './transcript.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/divergences.md'), 'utf8')

describe('differential: listed differences', () => {
  for (const name of [...listed.map((one) => one.name), ...listedElsewhere]) {
    it(`${name} -> docs/divergences.md has an entry of that name`, () => {
      expect(page).toContain(`**${name}**`)
    })
  }
})

const program: Program = {
  steps: [
    {
      kind: 'send',
      on: 0,
      requests: [{ name: 'getData', opcode: 4, fields: [{ text: '/d' }, { bool: 0 }] }],
    },
    { kind: 'send', on: 0, requests: [{ name: 'delete', opcode: 2, fields: [{ text: '/d' }, { int: -1 }] }] },
  ],
}

const stat = {
  czxid: 5n,
  mzxid: 7n,
  ctimeMs: BigInt(Date.now() - 10),
  mtimeMs: BigInt(Date.now()),
  version: 1,
  cversion: 0,
  aversion: 0,
  owner: 0n,
  dataLength: 1,
  childCount: 0,
  pzxid: 5n,
}

const read = {
  is: 'reply',
  request: 0,
  name: 'getData',
  opcode: 4,
  zxid: 8n,
  errorCode: 0,
  body: [
    { is: 'data', value: 'x' },
    { is: 'stat', value: stat },
  ],
} as const satisfies Seen
const event = { is: 'event', zxid: -1n, errorCode: 0, type: 2, state: 3, path: '/d' } as const satisfies Seen
const written = {
  is: 'reply',
  request: 0,
  name: 'delete',
  opcode: 2,
  zxid: 9n,
  errorCode: 0,
  body: [],
} as const satisfies Seen

function transcript(first: readonly Seen[], second: readonly Seen[]): Transcript {
  return {
    baseZxid: 4n,
    sessions: [],
    baseStats: new Map(),
    steps: [{ seen: new Map([[0, first]]) }, { seen: new Map([[0, second]]) }],
    trees: [[], []],
  }
}

describe('differential: comparison', () => {
  const theirs = transcript([read], [event, written])
  const against = (first: readonly Seen[], second: readonly Seen[]): number | null | undefined =>
    compare(program, theirs, transcript(first, second), noDifference).difference?.step

  it('the same -> no difference', () => {
    expect(against([read], [event, written])).toBeUndefined()
  })

  it('other zxids in the same order -> no difference', () => {
    const later = { ...stat, czxid: 50n, mzxid: 70n, pzxid: 50n }
    const body = [read.body[0], { is: 'stat', value: later }] as const
    expect(against([{ ...read, zxid: 80n, body }], [event, { ...written, zxid: 81n }])).toBeUndefined()
  })

  const planted: Readonly<Record<string, readonly [readonly Seen[], readonly Seen[], number | null]>> = {
    'an error code': [[{ ...read, errorCode: -101 }], [event, written], 0],
    data: [[{ ...read, body: [{ is: 'data', value: 'y' }, read.body[1]] }], [event, written], 0],
    'null for empty data': [
      [{ ...read, body: [{ is: 'data', value: null }, read.body[1]] }],
      [event, written],
      0,
    ],
    'a version': [
      [{ ...read, body: [read.body[0], { is: 'stat', value: { ...stat, version: 2 } }] }],
      [event, written],
      0,
    ],
    'a zxid that was not taken': [[{ ...read, zxid: 7n }], [event, { ...written, zxid: 7n }], 0],
    'a missing event': [[read], [written], 1],
    'an event behind its reply': [[read], [written, event], 1],
    'a second event': [[read], [event, event, written], 1],
    'a missing reply': [[], [event, written], 0],
    'a closed connection': [[read], [event, written, { is: 'closed' }], 1],
    'a time that runs backwards': [
      [{ ...read, body: [read.body[0], { is: 'stat', value: { ...stat, mtimeMs: stat.ctimeMs - 1n } }] }],
      [event, written],
      null,
    ],
  }
  for (const [what, [first, second, step]] of Object.entries(planted)) {
    it(`${what} -> found`, () => {
      expect(against(first, second)).toBe(step)
    })
  }
})
