import { OpCode } from './opcodes.ts'
import { Acl, acls, ClientInfo, Stat, strings } from './records.ts'
import {
  bool,
  buffer,
  int,
  long,
  type RecordOf,
  type RecordSchema,
  record,
  string,
  text,
  vector,
} from './schema.ts'

export const CreateRequest = record('CreateRequest', { path: text, data: buffer, acl: acls, flags: int })
export type CreateRequest = RecordOf<typeof CreateRequest>

export const CreateTtlRequest = record('CreateTTLRequest', {
  path: text,
  data: buffer,
  acl: acls,
  flags: int,
  ttlMs: long,
})
export const DeleteRequest = record('DeleteRequest', { path: text, version: int })
export const DeleteContainerRequest = record('DeleteContainerRequest', { path: text })
export const SetDataRequest = record('SetDataRequest', { path: text, data: buffer, version: int })
export const SetAclRequest = record('SetACLRequest', { path: text, acl: acls, version: int })
export const CheckRequest = record('CheckVersionRequest', { path: text, version: int })
/** exists, getData, getChildren, getChildren2. */
export const WatchableRequest = record('WatchableRequest', { path: text, watch: bool })
/** getACL, getAllChildrenNumber. */
export const PathRequest = record('PathRequest', { path: text })
/** The path is only echoed; null is let through. */
export const SyncRequest = record('SyncRequest', { path: string })
export const AuthRequest = record('AuthPacket', { type: int, scheme: string, auth: buffer })
export const SaslRequest = record('GetSASLRequest', { token: buffer })
export const SetWatchesRequest = record('SetWatches', {
  relativeZxid: long,
  dataWatches: strings,
  existWatches: strings,
  childWatches: strings,
})
export const SetWatches2Request = record('SetWatches2', {
  relativeZxid: long,
  dataWatches: strings,
  existWatches: strings,
  childWatches: strings,
  persistentWatches: strings,
  persistentRecursiveWatches: strings,
})
export type SetWatches2Request = RecordOf<typeof SetWatches2Request>
/** checkWatches, removeWatches. */
export const WatchTypeRequest = record('WatchTypeRequest', { path: text, type: int })
export const AddWatchRequest = record('AddWatchRequest', { path: text, mode: int })
export const GetEphemeralsRequest = record('GetEphemeralsRequest', { prefixPath: string })
export const ReconfigRequest = record('ReconfigRequest', {
  joiningServers: string,
  leavingServers: string,
  newMembers: string,
  curConfigId: long,
})
/** As forwarded to the leader; no client sends it. */
export const CreateSessionRequest = record('CreateSessionRequest', {
  timeoutMs: int,
  password: buffer,
  exactlyOnceWindow: int,
})

export const PathResponse = record('PathResponse', { path: text })
export const PathStatResponse = record('PathStatResponse', { path: text, stat: Stat })
export const StatResponse = record('StatResponse', { stat: Stat })
export const GetDataResponse = record('GetDataResponse', { data: buffer, stat: Stat })
export const GetAclResponse = record('GetACLResponse', { acl: vector(Acl), stat: Stat })
export const GetChildrenResponse = record('GetChildrenResponse', { children: vector(text) })
export const GetChildren2Response = record('GetChildren2Response', { children: vector(text), stat: Stat })
export const SyncResponse = record('SyncResponse', { path: string })
const SaslResponse = record('SetSASLResponse', { token: buffer })
export const GetEphemeralsResponse = record('GetEphemeralsResponse', { ephemerals: vector(text) })
export const GetAllChildrenNumberResponse = record('GetAllChildrenNumberResponse', { totalNumber: int })
export const AddWatchResponse = record('ErrorResponse', { err: int })
export const WhoAmIResponse = record('WhoAmIResponse', { clientInfo: vector(ClientInfo) })
export const Empty = record('Empty', {})

/** One operation's two bodies. `write` says that it goes through the history. */
export interface Operation {
  readonly request: RecordSchema<unknown>
  readonly response: RecordSchema<unknown>
  readonly write: boolean
}

function read(request: RecordSchema<unknown>, response: RecordSchema<unknown>): Operation {
  return { request, response, write: false }
}

function write(request: RecordSchema<unknown>, response: RecordSchema<unknown>): Operation {
  return { request, response, write: true }
}

/** By opcode: every operation whose bodies are plain records. multi and multiRead are in `multi.ts`. */
export const operations: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  [OpCode.create, write(CreateRequest, PathResponse)],
  [OpCode.delete, write(DeleteRequest, Empty)],
  [OpCode.exists, read(WatchableRequest, StatResponse)],
  [OpCode.getData, read(WatchableRequest, GetDataResponse)],
  [OpCode.setData, write(SetDataRequest, StatResponse)],
  [OpCode.getAcl, read(PathRequest, GetAclResponse)],
  [OpCode.setAcl, write(SetAclRequest, StatResponse)],
  [OpCode.getChildren, read(WatchableRequest, GetChildrenResponse)],
  [OpCode.sync, read(SyncRequest, SyncResponse)],
  [OpCode.ping, read(Empty, Empty)],
  [OpCode.getChildren2, read(WatchableRequest, GetChildren2Response)],
  [OpCode.check, write(CheckRequest, Empty)],
  [OpCode.create2, write(CreateRequest, PathStatResponse)],
  [OpCode.reconfig, write(ReconfigRequest, GetDataResponse)],
  [OpCode.checkWatches, read(WatchTypeRequest, Empty)],
  [OpCode.removeWatches, read(WatchTypeRequest, Empty)],
  [OpCode.createContainer, write(CreateRequest, PathStatResponse)],
  [OpCode.deleteContainer, write(DeleteContainerRequest, Empty)],
  [OpCode.createTtl, write(CreateTtlRequest, PathStatResponse)],
  [OpCode.auth, read(AuthRequest, Empty)],
  [OpCode.setWatches, read(SetWatchesRequest, Empty)],
  [OpCode.sasl, read(SaslRequest, SaslResponse)],
  [OpCode.getEphemerals, read(GetEphemeralsRequest, GetEphemeralsResponse)],
  [OpCode.getAllChildrenNumber, read(PathRequest, GetAllChildrenNumberResponse)],
  [OpCode.setWatches2, read(SetWatches2Request, Empty)],
  [OpCode.addWatch, read(AddWatchRequest, AddWatchResponse)],
  [OpCode.whoAmI, read(Empty, WhoAmIResponse)],
  [OpCode.createSession, write(CreateSessionRequest, Empty)],
  [OpCode.closeSession, write(Empty, Empty)],
])
