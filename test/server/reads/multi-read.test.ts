import { describe, expect, test } from 'vitest'
import { limits } from '../../../src/server/limits.ts'
import { JuteReader } from '../../../src/wire/jute-reader.ts'
import type { JuteWriter } from '../../../src/wire/jute-writer.ts'
import { type MultiResult, readMultiResponse } from '../../../src/wire/multi.ts'
import { OpCode } from '../../../src/wire/opcodes.ts'
import { Harness } from '../client-side-harness.ts'
import type { Frame, RawClient } from '../raw-client.ts'
import { createWith, perms } from '../watches/requests.ts'

type Operation = (body: JuteWriter) => void

const header = (body: JuteWriter, type: number): JuteWriter => body.int(type).bool(false).int(-1)
const get =
  (path: string | null): Operation =>
  (body) =>
    header(body, OpCode.getData).string(path).bool(true)
const list =
  (path: string | null): Operation =>
  (body) =>
    header(body, OpCode.getChildren).string(path).bool(true)
const check: Operation = (body) => header(body, OpCode.check).string('/a').int(-1)
const exists: Operation = (body) => header(body, OpCode.exists).string('/a').bool(false)

const multiRead = (client: RawClient, ...operations: Operation[]): Buffer =>
  client.request(OpCode.multiRead, (body) => {
    for (const operation of operations) operation(body)
    body.int(-1).bool(true).int(-1)
  })

/** Each result as data, names or error. */
const results = (frame: Frame | undefined): unknown[] =>
  readMultiResponse(new JuteReader(frame?.body)).map((result: MultiResult) => {
    if (result.type === OpCode.getData) return Buffer.from(result.data ?? []).toString()
    if (result.type === OpCode.getChildren) return [...(result.children ?? [])]
    return result.type === OpCode.error ? result.err : result
  })

async function withNodes(): Promise<{ harness: Harness; client: RawClient }> {
  const harness = await Harness.serving()
  const client = harness.client()
  client.ask(client.create('/a'), client.create('/a/b'), createWith(client, '/secret', perms(30)))
  return { harness, client }
}

describe('multiRead', () => {
  test('some fail -> each by itself, the others are answered', async () => {
    const { client } = await withNodes()
    const operations = [get('/a'), get('/gone'), list('/a'), get('/secret'), list('/secret'), get('')]
    const [reply] = client.ask(multiRead(client, ...operations))
    expect(reply?.error).toBe(0)
    expect(results(reply)).toEqual(['data', -101, ['b'], -102, -102, ''])
  })

  test('none -> only the terminator', async () => {
    const { client } = await withNodes()
    const [reply] = client.ask(multiRead(client))
    expect(reply).toMatchObject({ error: 0, body: Buffer.from('ffffffff01ffffffff', 'hex') })
  })

  test.each([
    ['only writes', [check, check], []],
    ['a null path', [get('/a'), list(null), get('/a')], ['data']],
  ] as const)('%s -> MarshallingError beside what came before', async (_name, operations, expected) => {
    const { client } = await withNodes()
    const [reply, next] = client.ask(multiRead(client, ...operations), client.exists('/'))
    expect(reply?.error).toBe(-5)
    expect(results(reply)).toEqual(expected)
    expect(next?.error).toBe(0)
  })

  test.each([
    ['a read, then a write', (client: RawClient) => multiRead(client, get('/a'), check)],
    ['a write, then a read', (client: RawClient) => multiRead(client, check, get('/a'))],
    ['a null path, then a write', (client: RawClient) => multiRead(client, get(null), check)],
    ['an operation that is never inside', (client: RawClient) => multiRead(client, exists)],
    ['no terminator', (client: RawClient) => client.request(OpCode.multiRead, get('/a'))],
    ['no body', (client: RawClient) => client.request(OpCode.multiRead)],
  ])('%s -> MarshallingError alone', async (_name, request) => {
    const { client } = await withNodes()
    expect(client.ask(request(client), client.exists('/'))).toMatchObject([
      { error: -5, body: Buffer.alloc(0) },
      { error: 0 },
    ])
  })

  test('a large node many times over -> the connection is closed, with a line that says why, and nobody else suffers', async () => {
    const { harness, client } = await withNodes()
    client.ask(client.create('/large', 0, 'x'.repeat(1_000_000)))
    const count = Math.ceil(limits.multiReadBytesMax / 1_000_000) + 1
    expect(
      client.ask(client.exists('/'), multiRead(client, ...Array(count).fill(get('/large')))),
    ).toHaveLength(1)
    expect(client.connection.ended).toBe('orderly')
    expect(harness.lines.filter((line) => line.includes('multiRead'))).toEqual([
      expect.stringMatching(/^warn: closing the connection of session .* 16777216 bytes.*fewer nodes/),
    ])
    const other = harness.client()
    expect(other.ask(other.get('/a'))).toMatchObject([{ error: 0 }])
  })
})
