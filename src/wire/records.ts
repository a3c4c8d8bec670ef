import {
  bigint,
  bool,
  buffer,
  int,
  long,
  type RecordOf,
  record,
  string,
  text,
  trailing,
  vector,
} from './schema.ts'

/** Precedes every request but the first. */
export const RequestHeader = record('RequestHeader', { xid: int, type: int })
export type RequestHeader = RecordOf<typeof RequestHeader>

/** Precedes every reply but the first, and every watch event. */
export const ReplyHeader = record('ReplyHeader', { xid: int, zxid: long, err: int })
export type ReplyHeader = RecordOf<typeof ReplyHeader>

/**
 * The first frame from the client. `readOnly` is absent from old clients. `exactlyOnceWindow` is our own: the client
 * asks that this many of its last answers be kept; plain ZooKeeper servers ignore what follows `readOnly`.
 */
export const ConnectRequest = record('ConnectRequest', {
  protocolVersion: int,
  lastZxidSeen: long,
  timeoutMs: int,
  sessionId: bigint,
  password: buffer,
  readOnly: trailing(bool, 1),
  exactlyOnceWindow: trailing(int, 4),
})
export type ConnectRequest = RecordOf<typeof ConnectRequest>

/**
 * The first frame to the client. `readOnly` only answers a request that had it; `exactlyOnceWindow`, the window that
 * was granted, likewise, and only from servers that know it.
 */
export const ConnectResponse = record('ConnectResponse', {
  protocolVersion: int,
  timeoutMs: int,
  sessionId: bigint,
  password: buffer,
  readOnly: trailing(bool, 1),
  exactlyOnceWindow: trailing(int, 4),
})
export type ConnectResponse = RecordOf<typeof ConnectResponse>

/** Who somebody is (as an identity), or who is meant (in an access control entry). */
export const Id = record('Id', { scheme: string, id: string })
export type Id = RecordOf<typeof Id>

export const Acl = record('ACL', { perms: int, scheme: string, id: string })
export type Acl = RecordOf<typeof Acl>

export const Stat = record('Stat', {
  czxid: long,
  mzxid: long,
  ctime: long,
  mtime: long,
  version: int,
  cversion: int,
  aversion: int,
  ephemeralOwner: bigint,
  dataLength: int,
  numChildren: int,
  pzxid: long,
})
export type Stat = RecordOf<typeof Stat>

/** The body of a frame whose xid is -1. */
export const WatcherEvent = record('WatcherEvent', { type: int, state: int, path: text })
export type WatcherEvent = RecordOf<typeof WatcherEvent>

/** Precedes every operation and every result of a multi; `done` marks the terminator. */
export const MultiHeader = record('MultiHeader', { type: int, done: bool, err: int })
export type MultiHeader = RecordOf<typeof MultiHeader>

/** What whoAmI tells. */
export const ClientInfo = record('ClientInfo', { scheme: string, user: string })
export type ClientInfo = RecordOf<typeof ClientInfo>

export const acls = vector(Acl)
export const strings = vector(string)
