import { beforeEach, describe, expect, test } from 'vitest'
import { standardAccess } from '../../src/server/config/access-settings.ts'
import { JuteReader } from '../../src/wire/jute-reader.ts'
import type { JuteWriter } from '../../src/wire/jute-writer.ts'
import { type MultiOperation, readMultiResponse, writeMultiRequest } from '../../src/wire/multi.ts'
import { Permission } from '../../src/wire/node-flags.ts'
import { OpCode } from '../../src/wire/opcodes.ts'
import { type Acl, acls } from '../../src/wire/records.ts'
import { Harness } from './client-side-harness.ts'
import { type Frame, openAcl, type RawClient } from './raw-client.ts'

const { read, write, create, delete: del, admin, all } = Permission
const data = Buffer.from('x')

/** On which node ZooKeeper looks at the list, and which of these bits suffices there; 0 where it does not look. */
type Needed = { parent: number; node: number }

interface Case extends Needed {
  name: string
  opcode: number
  body: (out: JuteWriter) => void
}

const single = (name: string, opcode: number, needed: Partial<Needed>, body: Case['body']): Case => ({
  name,
  opcode,
  body,
  parent: 0,
  node: 0,
  ...needed,
})

const multi = (
  name: string,
  needed: Partial<Needed>,
  operation: MultiOperation,
  opcode: number = OpCode.multi,
) => single(`${name} in a multi`, opcode, needed, (out) => writeMultiRequest(out, [operation]))

const newNode = (out: JuteWriter): JuteWriter => {
  acls.write(out.string('/parent/new').buffer(data), openAcl)
  return out
}
const created = { path: '/parent/new', data, acl: openAcl, flags: 0 }
const path = '/parent/node'
const watched = (out: JuteWriter): JuteWriter => out.string(path).bool(true)

const cases: Case[] = [
  single('create', OpCode.create, { parent: create }, (out) => newNode(out).int(0)),
  single('create, sequential', OpCode.create, { parent: create }, (out) => newNode(out).int(2)),
  single('create2', OpCode.create2, { parent: create }, (out) => newNode(out).int(1)),
  single('createContainer', OpCode.createContainer, { parent: create }, (out) => newNode(out).int(4)),
  single('createTTL', OpCode.createTtl, { parent: create }, (out) => newNode(out).int(5).long(1000)),
  single('delete', OpCode.delete, { parent: del }, (out) => out.string(path).int(-1)),
  single('exists', OpCode.exists, { node: read }, watched),
  single('getData', OpCode.getData, { node: read }, watched),
  single('setData', OpCode.setData, { node: write }, (out) => out.string(path).buffer(data).int(-1)),
  single('getACL', OpCode.getAcl, { node: read | admin }, (out) => out.string(path)),
  single('setACL', OpCode.setAcl, { node: admin }, (out) => {
    acls.write(out.string(path), openAcl)
    out.int(-1)
  }),
  single('getChildren', OpCode.getChildren, { node: read }, watched),
  single('getChildren2', OpCode.getChildren2, { node: read }, watched),
  single('getAllChildrenNumber', OpCode.getAllChildrenNumber, { node: read }, (out) => out.string(path)),
  single('getEphemerals', OpCode.getEphemerals, {}, (out) => out.string(path)),
  single('sync', OpCode.sync, {}, (out) => out.string(path)),
  single('addWatch', OpCode.addWatch, {}, (out) => out.string(path).int(0)),
  single('setWatches', OpCode.setWatches, {}, (out) => {
    out.long(0).int(1).string(path).int(0).int(1).string(path)
  }),
  single('whoAmI', OpCode.whoAmI, {}, () => {}),
  multi('create', { parent: create }, { type: OpCode.create, ...created }),
  multi('create2', { parent: create }, { type: OpCode.create2, ...created }),
  multi('createContainer', { parent: create }, { type: OpCode.createContainer, ...created, flags: 4 }),
  multi('createTTL', { parent: create }, { type: OpCode.createTtl, ...created, flags: 5, ttlMs: 1000 }),
  multi('delete', { parent: del }, { type: OpCode.delete, path, version: -1 }),
  multi('setData', { node: write }, { type: OpCode.setData, path, data, version: -1 }),
  multi('check', { node: read }, { type: OpCode.check, path, version: -1 }),
  multi('getData', { node: read }, { type: OpCode.getData, path, watch: false }, OpCode.multiRead),
  multi('getChildren', { node: read }, { type: OpCode.getChildren, path, watch: false }, OpCode.multiRead),
]

const superDigest = 'super:D/InIHSb7yEEbrWz8b9l71RjZJU='
let harness: Harness

beforeEach(async () => {
  harness = await Harness.serving({ access: { ...standardAccess, superDigest } })
})

function setAcl(client: RawClient, at: string, entries: readonly Acl[]): Buffer {
  return client.request(OpCode.setAcl, (out) => {
    acls.write(out.string(at), entries)
    out.int(-1)
  })
}

const auth = (client: RawClient, credentials: string): Buffer =>
  client.request(OpCode.auth, (out) => out.int(0).string('digest').buffer(Buffer.from(credentials)))

const toWorld = (perms: number): Acl[] => [{ perms, scheme: 'world', id: 'anyone' }]

/** /parent/node, each with its list; who is to ask has no identity but its address. */
function plant(parentPerms: number, nodePerms: number): RawClient {
  const owner = harness.client()
  expect(owner.ask(owner.create('/parent'), owner.create(path)).map((frame) => frame.error)).toEqual([0, 0])
  const set = [setAcl(owner, path, toWorld(nodePerms)), setAcl(owner, '/parent', toWorld(parentPerms))]
  expect(owner.ask(...set).map((frame) => frame.error)).toEqual([0, 0])
  return harness.client()
}

/** The error of the reply, or that of the one operation in it. */
function outcome(frames: readonly Frame[], opcode: number): number {
  const reply = frames.find((frame) => frame.xid !== -1)
  if (reply === undefined) throw new Error('there is no reply')
  if (reply.error !== 0 || (opcode !== OpCode.multi && opcode !== OpCode.multiRead)) return reply.error
  const result = readMultiResponse(new JuteReader(reply.body))[0]
  return result?.type === OpCode.error ? result.err : 0
}

const bits = [
  0,
  read,
  write,
  create,
  del,
  admin,
  all & ~read,
  all & ~write,
  all & ~create,
  all & ~del,
  all & ~admin,
]

describe('which permission, on which node', () => {
  test.each(cases)(
    '$name -> parent $parent, node $node, of that list alone',
    async ({ opcode, body, ...needed }) => {
      for (const [where, has] of [
        ...bits.map((bit) => ['parent', bit] as const),
        ...bits.map((bit) => ['node', bit] as const),
      ]) {
        harness = await Harness.serving()
        const client = where === 'parent' ? plant(has, all) : plant(all, has)
        const permitted = needed[where] === 0 || (needed[where] & has) !== 0
        const error = outcome(client.ask(client.request(opcode, body)), opcode)
        expect({ where, has, error }).toEqual({ where, has, error: permitted ? 0 : -102 })
      }
    },
  )

  test.each(cases)('$name, by the super user -> done, whatever the lists say', ({ opcode, body }) => {
    const client = plant(0, 0)
    expect(client.ask(auth(client, 'super:test'))).toMatchObject([{ error: 0 }])
    expect(outcome(client.ask(client.request(opcode, body)), opcode)).toBe(0)
  })
})

describe('what getACL shows', () => {
  const entries: Acl[] = [
    { perms: read, scheme: 'world', id: 'anyone' },
    { perms: admin | 0x40, scheme: 'digest', id: 'u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=' },
    { perms: 0, scheme: 'ip', id: '10.0.0.0/8' },
  ]
  const shown = (frame: Frame | undefined): readonly Acl[] | null =>
    acls.read(new JuteReader(frame?.body ?? Buffer.alloc(0)))

  test('to who may administer, and to the super user -> hashes; to others -> none, the rest as it is', () => {
    const owner = harness.client()
    owner.ask(owner.create('/a'), setAcl(owner, '/a', entries))
    const ask = (client: RawClient) => client.ask(client.request(OpCode.getAcl, (out) => out.string('/a')))[0]
    expect(shown(ask(owner))).toEqual(
      entries.map((one) => (one.scheme === 'digest' ? { ...one, id: 'u:x' } : one)),
    )
    for (const credentials of ['u:p', 'super:test']) {
      const client = harness.client()
      client.ask(auth(client, credentials))
      expect(shown(ask(client))).toEqual(entries)
    }
  })

  test('what getACL shows masked, set again -> locks its owner out: no hash comes from a mask', () => {
    const owner = harness.client()
    owner.ask(auth(owner, 'u:p'), owner.create('/a'), setAcl(owner, '/a', entries))
    owner.ask(setAcl(owner, '/a', [{ perms: all, scheme: 'digest', id: 'u:x' }]))
    expect(owner.ask(owner.get('/a'))).toMatchObject([{ error: -102 }])
  })
})
