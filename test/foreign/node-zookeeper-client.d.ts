/** The part of it that the tests use; the package brings no types. */
declare module 'node-zookeeper-client' {
  export interface ZkEvent {
    readonly name: string
    readonly path: string
  }
  export interface ZkStat {
    readonly version: number
    readonly aversion: number
    readonly dataLength: number
    readonly numChildren: number
    readonly ephemeralOwner: Buffer
  }
  export interface ZkAclEntry {
    readonly permission: number
    readonly id: { readonly scheme: string; readonly id: string }
  }
  export interface ZkException extends Error {
    getCode(): number
  }
  type Callback<T extends unknown[]> = (error: ZkException | null, ...results: T) => void
  type ClientEvent = 'connected' | 'disconnected' | 'expired' | 'authenticationFailed'
  type Watch = (event: ZkEvent) => void

  export interface ZkTransaction {
    create(path: string, data: Buffer): ZkTransaction
    setData(path: string, data: Buffer, version: number): ZkTransaction
    check(path: string, version: number): ZkTransaction
    remove(path: string, version: number): ZkTransaction
    commit(callback: Callback<[unknown[]]>): void
  }
  export interface ZkClient {
    connect(): void
    close(): void
    on(event: ClientEvent, listener: () => void): void
    getSessionId(): Buffer
    addAuthInfo(scheme: string, auth: Buffer): void
    create(path: string, data: Buffer | null, mode: number, callback: Callback<[string]>): void
    create(path: string, data: Buffer | null, acls: readonly ZkAclEntry[], callback: Callback<[string]>): void
    setACL(path: string, acls: readonly ZkAclEntry[], version: number, callback: Callback<[ZkStat]>): void
    remove(path: string, version: number, callback: Callback<[]>): void
    exists(path: string, watch: Watch | null, callback: Callback<[ZkStat | null]>): void
    getData(path: string, watch: Watch | null, callback: Callback<[Buffer, ZkStat]>): void
    setData(path: string, data: Buffer, version: number, callback: Callback<[ZkStat]>): void
    getChildren(path: string, watch: Watch | null, callback: Callback<[string[], ZkStat]>): void
    getACL(path: string, callback: Callback<[ZkAclEntry[], ZkStat]>): void
    mkdirp(path: string, callback: Callback<[string]>): void
    transaction(): ZkTransaction
  }
  const zookeeper: {
    createClient(servers: string, options: { sessionTimeout: number; spinDelay: number }): ZkClient
    readonly CreateMode: {
      readonly PERSISTENT: number
      readonly PERSISTENT_SEQUENTIAL: number
      readonly EPHEMERAL: number
      readonly EPHEMERAL_SEQUENTIAL: number
    }
    readonly ACL: {
      readonly OPEN_ACL_UNSAFE: readonly ZkAclEntry[]
      readonly CREATOR_ALL_ACL: readonly ZkAclEntry[]
      readonly READ_ACL_UNSAFE: readonly ZkAclEntry[]
    }
    readonly Exception: {
      readonly NO_AUTH: number
      readonly INVALID_ACL: number
      readonly NO_NODE: number
      readonly BAD_VERSION: number
      readonly NODE_EXISTS: number
      readonly NOT_EMPTY: number
    }
  }
  export default zookeeper
}
