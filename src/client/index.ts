export type { Address } from '../runtime/network.ts'
export type { Runtime } from '../runtime/runtime.ts'
export type { ErrorName } from '../wire/error-codes.ts'
export { ErrorCode } from '../wire/error-codes.ts'
export { Client } from './client.ts'
export type { ClientEvents, ClientOptions, WatchOption } from './client-options.ts'
export type { ConnectTarget } from './connect-string.ts'
export {
  ConnectStringError,
  defaultClientPort,
  formatAddress,
  parseAddress,
  parseConnectString,
} from './connect-string.ts'
export { fourLetterWord } from './four-letter-word.ts'
export type { ReadChildren, ReadData, ReadFailure, ReadOperation, ReadResult } from './multi-read.ts'
export { childOf, nameOf, parentOf, pathFault } from './paths.ts'
export type { Quota, QuotaLimits } from './quota.ts'
export type { QuotaLimit, QuotaValues } from './quota-text.ts'
export type {
  CheckResult,
  CreateResult,
  DeleteResult,
  SetResult,
  Transaction,
  TransactionResult,
} from './transaction.ts'
export type { Acl, ClientState, CreateOptions, Identity, NodeData, Stat, VersionOptions } from './types.ts'
export { openAcl, Permission, ttlMsMax } from './types.ts'
export type { AddWatchOptions, RemoveWatchesOptions } from './watch-calls.ts'
export type { NodeChange } from './watch-differences.ts'
export type { WatchEvent, WatchListener } from './watch-registry.ts'
export type { WatchSelection } from './watch-removal.ts'
export type { Watcher, WatcherOptions } from './watcher.ts'
export { TransactionError, ZkError } from './zk-error.ts'
