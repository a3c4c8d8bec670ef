/** ZooKeeper's error numbers. Clients fail on numbers that they do not know: never add one. */
export const ErrorCode = {
  ok: 0,
  systemError: -1,
  runtimeInconsistency: -2,
  dataInconsistency: -3,
  connectionLoss: -4,
  marshallingError: -5,
  unimplemented: -6,
  operationTimeout: -7,
  badArguments: -8,
  invalidState: -9,
  unknownSession: -12,
  newConfigNoQuorum: -13,
  reconfigInProgress: -14,
  sslConnectionError: -15,
  apiError: -100,
  noNode: -101,
  noAuth: -102,
  badVersion: -103,
  noChildrenForEphemerals: -108,
  nodeExists: -110,
  notEmpty: -111,
  sessionExpired: -112,
  invalidCallback: -113,
  invalidAcl: -114,
  authFailed: -115,
  closing: -116,
  nothing: -117,
  sessionMoved: -118,
  notReadOnly: -119,
  ephemeralOnLocalSession: -120,
  noWatcher: -121,
  requestTimeout: -122,
  reconfigDisabled: -123,
  sessionClosedRequireAuth: -124,
  quotaExceeded: -125,
  throttledOp: -127,
} as const

export type ErrorName = keyof typeof ErrorCode
export type ErrorNumber = (typeof ErrorCode)[ErrorName]

const messages: Record<ErrorName, string> = {
  ok: 'no error',
  systemError: 'the server failed',
  runtimeInconsistency: 'not done: another operation of the same transaction failed',
  dataInconsistency: 'the data is inconsistent',
  connectionLoss: 'the connection to the server was lost',
  marshallingError: 'the request could not be decoded',
  unimplemented: 'this operation is not implemented',
  operationTimeout: 'the operation took too long',
  badArguments: 'an argument is wrong: path, flags or version',
  invalidState: 'not possible in this state',
  unknownSession: 'the session is not known',
  newConfigNoQuorum: 'no quorum of the new configuration is connected and up to date',
  reconfigInProgress: 'another reconfiguration is under way',
  sslConnectionError: 'the TLS connection failed',
  apiError: 'an operation failed',
  noNode: 'the node does not exist',
  noAuth: 'not permitted by the access control list',
  badVersion: 'the version is not the expected one',
  noChildrenForEphemerals: 'ephemeral nodes cannot have children',
  nodeExists: 'the node exists already',
  notEmpty: 'the node has children',
  sessionExpired: 'the session has expired',
  invalidCallback: 'an invalid callback was given',
  invalidAcl: 'the access control list is not valid',
  authFailed: 'the authentication failed',
  closing: 'the client is closing',
  nothing: 'there is nothing to do',
  sessionMoved: 'the session has moved to another server',
  notReadOnly: 'a read-only server cannot do this',
  ephemeralOnLocalSession: 'a local session cannot create ephemeral nodes',
  noWatcher: 'there is no such watch',
  requestTimeout: 'the request took too long',
  reconfigDisabled: 'reconfiguration is disabled',
  sessionClosedRequireAuth: 'the session needs to be authenticated first',
  quotaExceeded: 'the quota is exceeded',
  throttledOp: 'the request was throttled',
}

const names = new Map<number, ErrorName>(
  (Object.keys(ErrorCode) as ErrorName[]).map((name) => [ErrorCode[name], name]),
)

/** `error -99` for one that does not exist. */
export function errorName(code: number): string {
  return names.get(code) ?? `error ${code}`
}

/** One line for people. */
export function errorMessage(code: number): string {
  const name = names.get(code)
  return name === undefined ? `unknown error ${code}` : messages[name]
}
