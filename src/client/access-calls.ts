import { ErrorCode } from '../wire/error-codes.ts'
import { OpCode } from '../wire/opcodes.ts'
import {
  Empty,
  GetAclResponse,
  PathRequest,
  SetAclRequest,
  StatResponse,
  WhoAmIResponse,
} from '../wire/requests.ts'
import { versionOf } from './arguments.ts'
import type { Calls } from './calls.ts'
import type { Credentials } from './credentials.ts'
import { encodeRequest } from './encode-request.ts'
import { NodeCalls } from './node-calls.ts'
import type { Quota, QuotaLimits } from './quota.ts'
import { Quotas } from './quota.ts'
import type { QuotaLimit } from './quota-text.ts'
import type { Session } from './session.ts'
import type { Acl, Identity, Stat, VersionOptions } from './types.ts'
import type { WatchRegistry } from './watch-registry.ts'
import { ZkError } from './zk-error.ts'

/** Calls about who may do what, and how much. */
export class AccessCalls extends NodeCalls {
  protected readonly session: Session
  readonly #credentials: Credentials
  readonly #quotas: Quotas

  constructor(calls: Calls, watches: WatchRegistry, session: Session, credentials: Credentials) {
    super(calls, watches)
    this.session = session
    this.#credentials = credentials
    this.#quotas = new Quotas(this.outsideChroot(), (server) => calls.clientPath(server))
  }

  /**
   * Proves an identity to the servers, on this and all later connections: for ACLs of that scheme. Identities add up. They
   * go out ahead of the calls that wait for a connection.
   *
   * @param scheme "digest", or another one that the servers know
   * @param auth for "digest": "user:password"
   * @throws ZkError `authFailed`; the server has closed the connection then, and the client comes back without it. A later
   *   server that refuses it is told by the event `authFailed`.
   * @example await client.addAuth('digest', 'user:password')
   */
  addAuth(scheme: string, auth: Uint8Array | string): Promise<void> {
    if (this.session.state === 'closed') return Promise.reject(new ZkError(ErrorCode.closing))
    const added = this.#credentials.add(scheme, typeof auth === 'string' ? Buffer.from(auth) : auth)
    this.session.sendCredential()
    return added
  }

  /** Asks whom the server takes this connection for: by its address, and by what `addAuth` has proved. */
  whoAmI(): Promise<Identity[]> {
    const frame = encodeRequest(OpCode.whoAmI, Empty, {})
    return this.calls.send(null, false, frame, {
      decode: (reader) =>
        (WhoAmIResponse.read(reader).clientInfo ?? []).map(({ scheme, user }) => ({
          scheme: scheme ?? '',
          user: user ?? '',
        })),
    })
  }

  /**
   * Reads the access control list of a znode. The hashes of digests are masked for those who may not change it.
   *
   * @throws ZkError `noNode`, `noAuth`
   */
  getAcl(path: string): Promise<{ acl: Acl[]; stat: Stat }> {
    return this.calls.about({
      opcode: OpCode.getAcl,
      path,
      isWrite: false,
      schema: PathRequest,
      body: (server) => ({ path: server }),
      decode: (reader) => {
        const { acl, stat } = GetAclResponse.read(reader)
        return {
          acl: (acl ?? []).map(({ perms, scheme, id }) => ({ perms, scheme: scheme ?? '', id: id ?? '' })),
          stat,
        }
      },
    })
  }

  /**
   * Replaces the access control list of a znode. It holds for that znode alone, not for what is below it.
   *
   * @param options.version is compared with the stat's `aversion`
   * @throws ZkError `noNode`, `badVersion`, `invalidAcl`, `noAuth`
   */
  setAcl(path: string, acl: readonly Acl[], options: VersionOptions = {}): Promise<Stat> {
    return this.calls.about({
      opcode: OpCode.setAcl,
      path,
      isWrite: true,
      schema: SetAclRequest,
      body: (server) => ({ path: server, acl, version: versionOf(options) }),
      decode: (reader) => StatResponse.read(reader).stat,
    })
  }

  /** The quota of a znode and everything below it; null when it has none of its own. */
  async getQuota(path: string): Promise<Quota | null> {
    return this.#quotas.get(this.calls.serverPath(path))
  }

  /** All quotas on a znode and below it, by path. */
  async listQuotas(path = '/'): Promise<Quota[]> {
    return this.#quotas.list(this.calls.serverPath(path))
  }

  /**
   * Limits what a znode and everything below it may take. Limits that are not given stay as they are. Servers log when a
   * soft limit is exceeded, and refuse the write (`quotaExceeded`) that would exceed a hard one, if their `enforceQuota` is on.
   *
   * @throws ZkError `noNode`; `badArguments` when a limit is out of range, or a znode above or below has a quota: only one
   *   of them would count
   * @example await client.setQuota('/app', { count: 1000, bytesHard: 10_000_000 })
   */
  async setQuota(path: string, limits: QuotaLimits): Promise<void> {
    await this.#quotas.set(this.calls.serverPath(path), limits)
  }

  /**
   * Takes limits of a quota away; without names, the whole quota.
   *
   * @throws ZkError `noNode` when the znode has no quota
   */
  async deleteQuota(path: string, limits: readonly QuotaLimit[] = []): Promise<void> {
    await this.#quotas.delete(this.calls.serverPath(path), limits)
  }
}
