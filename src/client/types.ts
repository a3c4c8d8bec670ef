import { Permission } from '../wire/node-flags.ts'

/** What a server tells about a znode besides its data. */
export interface Stat {
  /** The transaction that created it. */
  readonly czxid: number
  /** The transaction that last set its data. */
  readonly mzxid: number
  /** When it was created, in milliseconds since 1970, by the server's clock. */
  readonly ctime: number
  /** When its data was last set, in milliseconds since 1970, by the server's clock. */
  readonly mtime: number
  /** How often its data was set. */
  readonly version: number
  /** How often children came or went. */
  readonly cversion: number
  /** How often its ACL was set. */
  readonly aversion: number
  /** The session with which it ends; 0n when it is not ephemeral. */
  readonly ephemeralOwner: bigint
  /** Bytes of data. */
  readonly dataLength: number
  readonly numChildren: number
  /** The transaction in which a child last came or went; its own creation when none did. */
  readonly pzxid: number
}

/** One entry of an access control list. */
export interface Acl {
  /** A sum of `Permission` bits. */
  readonly perms: number
  /** "world", "auth", "digest", "ip", ... */
  readonly scheme: string
  /** What it means depends on the scheme; for "world" it is "anyone". */
  readonly id: string
}

/** Who the servers take a connection for. */
export interface Identity {
  /** "ip", "digest", "super", ... */
  readonly scheme: string
  /** What it means depends on the scheme; a digest shows the name without the hash, "super" nothing. */
  readonly user: string
}

/** Everybody may do everything: what a new znode gets unless told otherwise. */
export const openAcl: readonly Acl[] = [{ perms: Permission.all, scheme: 'world', id: 'anyone' }]

/** Data of a znode. Text is stored as UTF-8; null is stored as such, and differs from empty. */
export type NodeData = Uint8Array | string | null

/** How a znode is created. */
export interface CreateOptions {
  /** It ends with this client's session. Default: no. */
  readonly ephemeral?: boolean | undefined
  /** The server appends a ten-digit number that rises with every child of the parent. Default: no. */
  readonly sequential?: boolean | undefined
  /**
   * The servers delete it some time after its last child went: a place for locks and the like that nobody needs to tidy up.
   * Neither ephemeral nor sequential. Default: no.
   */
  readonly container?: boolean | undefined
  /**
   * The servers delete it when its data was not set for so long and it has no children: from 1 to `ttlMsMax` milliseconds.
   * Not ephemeral. Default: none. Servers answer `unimplemented` unless their `extendedTypesEnabled` is set.
   */
  readonly ttlMs?: number | undefined
  /** Default: everybody may do everything. */
  readonly acl?: readonly Acl[] | undefined
}

/** The longest time to live of a node: 2⁴⁰ − 1 milliseconds, about 34 years. */
export const ttlMsMax = 2 ** 40 - 1

/** For writes that are to happen only when nobody else wrote before. */
export interface VersionOptions {
  /** The version that the znode must have, a whole number of 32 bits; -1 (the default) takes any. */
  readonly version?: number | undefined
}

/**
 * Where the client stands.
 * - `idle`: `connect` was not called yet.
 * - `connecting`: no server has taken the client in so far.
 * - `connected`: in a session, with a server.
 * - `readonly`: with a server that is cut off from the rest; only reads work.
 * - `suspended`: the connection is lost. The session may live on; the client looks for another server.
 * - `expired`: the ensemble has ended the session, and with it the ephemeral nodes. `connect` begins a new one.
 * - `closed`: by `close`, or because `connect` gave up.
 */
export type ClientState =
  | 'idle'
  | 'connecting'
  | 'connected'
  | 'readonly'
  | 'suspended'
  | 'expired'
  | 'closed'

export { CreateFlags, Permission } from '../wire/node-flags.ts'
