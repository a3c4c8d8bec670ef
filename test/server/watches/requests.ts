import { OpCode } from '../../../src/wire/opcodes.ts'
import { type Acl, acls } from '../../../src/wire/records.ts'
import { eventOf, type Frame, type RawClient } from '../raw-client.ts'

/** Replies as their xid, events as `type path`. */
export const seen = (frames: readonly Frame[]): (number | string)[] =>
  frames.map((frame) => (frame.xid === -1 ? eventOf(frame) : frame.xid))

/** The events alone. */
export const events = (frames: readonly Frame[]): string[] =>
  frames.filter(({ xid }) => xid === -1).map(eventOf)

export const persistent = 0
export const recursive = 1

export const addWatch = (client: RawClient, path: string | null, mode: number): Buffer =>
  client.request(OpCode.addWatch, (body) => body.string(path).int(mode))

export const checkWatches = (client: RawClient, path: string | null, type: number): Buffer =>
  client.request(OpCode.checkWatches, (body) => body.string(path).int(type))

export const removeWatches = (client: RawClient, path: string | null, type: number): Buffer =>
  client.request(OpCode.removeWatches, (body) => body.string(path).int(type))

type Paths = readonly (string | null)[] | null

export interface Lists {
  data?: Paths
  exist?: Paths
  child?: Paths
  persistent?: Paths
  recursive?: Paths
}

export function setWatches2(client: RawClient, relativeZxid: number, lists: Lists): Buffer {
  const { data = [], exist = [], child = [], persistent = [], recursive = [] } = lists
  return client.request(OpCode.setWatches2, (body) => {
    body.long(relativeZxid)
    for (const list of [data, exist, child, persistent, recursive]) {
      body.int(list === null ? -1 : list.length)
      for (const path of list ?? []) body.string(path)
    }
  })
}

export const createWith = (client: RawClient, path: string, acl: readonly Acl[]): Buffer =>
  client.request(OpCode.create, (body) => {
    body.string(path).buffer(null)
    acls.write(body, acl)
    body.int(0)
  })

export const setAcl = (client: RawClient, path: string, acl: readonly Acl[]): Buffer =>
  client.request(OpCode.setAcl, (body) => {
    body.string(path)
    acls.write(body, acl)
    body.int(-1)
  })

export const addAuth = (client: RawClient, credentials: string): Buffer =>
  client.request(OpCode.auth, (body) => body.int(0).string('digest').buffer(Buffer.from(credentials)), -4)

export const perms = (bits: number): Acl[] => [{ perms: bits, scheme: 'world', id: 'anyone' }]
/** All to who came with addauth `u:p`, and everything but READ to anyone. */
export const onlyUserReads: readonly Acl[] = [
  { perms: 30, scheme: 'world', id: 'anyone' },
  { perms: 1, scheme: 'digest', id: 'u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=' },
]
