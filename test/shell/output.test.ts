import { Chalk } from 'chalk'
import { describe, expect, test } from 'vitest'
import { ErrorCode, ZkError } from '../../src/client/index.ts'
import { UsageError } from '../../src/shell/command.ts'
import { drawTree } from '../../src/shell/commands/listing.ts'
import { describeFailure } from '../../src/shell/failure.ts'
import { dataFields, Output } from '../../src/shell/output.ts'
import { promptText } from '../../src/shell/prompt.ts'
import { statColumns, statText } from '../../src/shell/stat-text.ts'

function capture(json: boolean, errColour = false): { output: Output; out: () => string; err: () => string } {
  const out: Buffer[] = []
  const err: Buffer[] = []
  const output = new Output({
    json,
    out: { write: (bytes) => void out.push(Buffer.from(bytes as Uint8Array)) },
    err: { write: (bytes) => void err.push(Buffer.from(bytes as Uint8Array)) },
    errColour,
  })
  return { output, out: () => Buffer.concat(out).toString(), err: () => Buffer.concat(err).toString() }
}

const stat = {
  czxid: 10,
  mzxid: 11,
  ctime: 0,
  mtime: 1000,
  version: 1,
  cversion: 2,
  aversion: 0,
  ephemeralOwner: -2n,
  dataLength: 5,
  numChildren: 2,
  pzxid: 12,
}

describe('output', () => {
  test('text for people, JSON for programs, one line each', () => {
    const text = capture(false)
    text.output.result({ text: 'line', json: { a: 1 } })
    text.output.result({ text: '', json: { a: 1 } })
    text.output.note('a note')
    expect([text.out(), text.err()]).toEqual(['line\n', 'a note\n'])
    const json = capture(true)
    json.output.result({ text: 'line', json: { path: '/a\nb', id: 0x10n } })
    json.output.note('a note')
    expect([json.out(), json.err()]).toEqual(['{"path":"/a\\nb","id":"0x10"}\n', ''])
  })

  test('data goes out byte for byte', () => {
    const chunks: Uint8Array[] = []
    const sink = { write: (bytes: string | Uint8Array) => void chunks.push(Buffer.from(bytes as Uint8Array)) }
    new Output({ json: false, out: sink, err: sink, errColour: false }).data(Buffer.from([0, 255, 10]))
    expect(Buffer.concat(chunks)).toEqual(Buffer.from([0, 255, 10, 10]))
  })

  test('errors: colour only when wanted', () => {
    const plain = capture(false)
    plain.output.error({ message: 'bad', json: {} })
    expect(plain.err()).toBe('zk-shell: bad\n')
    const coloured = capture(false, true)
    coloured.output.error({ message: 'bad', json: {} })
    expect(coloured.err()).toBe('\u001b[31mzk-shell:\u001b[39m bad\n')
  })

  test('data in JSON: as text when it is UTF-8, else in base64', () => {
    expect(dataFields(Buffer.from('ü'))).toEqual({ data: 'ü', encoding: 'utf8' })
    expect(dataFields(Buffer.from([255, 0]))).toEqual({ data: '/wA=', encoding: 'base64' })
    expect(dataFields(null)).toEqual({ data: null, encoding: 'utf8' })
  })

  test('stat in ZooKeeper words', () => {
    expect(statText(stat).split('\n')).toEqual([
      'cZxid = 0xa',
      'ctime = 1970-01-01T00:00:00.000Z',
      'mZxid = 0xb',
      'mtime = 1970-01-01T00:00:01.000Z',
      'pZxid = 0xc',
      'cversion = 2',
      'dataVersion = 1',
      'aclVersion = 0',
      'ephemeralOwner = 0xfffffffffffffffe',
      'dataLength = 5',
      'numChildren = 2',
    ])
    expect(statColumns(stat)).toBe('e     v1        5       2  1970-01-01T00:00:01.000Z')
  })

  test('a tree with branches', () => {
    const children = new Map([
      ['/', ['a', 'b']],
      ['/a', ['x', 'y']],
      ['/a/x', []],
      ['/a/y', []],
      ['/b', ['z']],
      ['/b/z', []],
    ])
    expect(drawTree('/', children)).toEqual(['/', '├── a', '│   ├── x', '│   └── y', '└── b', '    └── z'])
  })

  test('failures: one line, the way out, an exit code', () => {
    expect(describeFailure(new ZkError(ErrorCode.notEmpty, '/a'), 'delete')).toMatchObject({
      message: 'delete /a: the node has children (use deleteall /a to delete it with everything below)',
      json: { error: 'notEmpty', code: -111, path: '/a' },
      exitCode: 1,
    })
    expect(describeFailure(new UsageError('wrong'), 'x')).toMatchObject({ message: 'wrong', exitCode: 2 })
    expect(describeFailure(new ZkError(ErrorCode.connectionLoss), null).exitCode).toBe(3)
    expect(describeFailure(new Error('odd'), 'get')).toMatchObject({ message: 'get: odd', exitCode: 1 })
  })

  test('prompt: state and path', () => {
    expect(promptText('connected', '/a', new Chalk({ level: 0 }))).toBe('[connected /a]> ')
    expect(promptText('suspended', '/', new Chalk({ level: 1 }))).toContain('\u001b[31msuspended')
  })
})
