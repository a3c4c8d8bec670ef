import { ErrorCode } from '../../wire/error-codes.ts'
import { JuteWriter } from '../../wire/jute-writer.ts'
import { allows } from '../acl.ts'
import { type AclList, openAcl } from '../acl-table.ts'
import type { Identities } from '../identities.ts'
import type { Overlay } from '../overlay.ts'
import type { QuotaExcess } from '../quota/quota-check.ts'
import type { RequestEnvelope } from '../request.ts'
import type { Zxid } from '../zxid.ts'
import type { ExecuteSettings } from './execute-settings.ts'

/**
 * One request being decided: what the deciding functions share. Each reads its request's body, checks in ZooKeeper's
 * order, and either writes the transaction's body and notes the effect in the overlay, answering 0, or answers an error
 * code having changed nothing. A body that cannot be decoded throws DecodeError.
 */
export class Decision {
  readonly overlay: Overlay
  readonly settings: ExecuteSettings
  /** The transaction; its header is written already. */
  readonly txn = new JuteWriter(4096)
  zxid: Zxid = 0
  sessionId = 0
  /** 0, or SessionExpired: each operation has its place for it in the order of checks. */
  sessionError = 0
  /** Whether the operation is part of a multi. */
  inMulti = false
  readonly #envelope: RequestEnvelope
  readonly #onQuotaExcess: (excess: QuotaExcess) => void

  /** `envelope`: that of whichever request is being decided. */
  constructor(
    overlay: Overlay,
    envelope: RequestEnvelope,
    settings: ExecuteSettings,
    onQuotaExcess: (excess: QuotaExcess) => void,
  ) {
    this.overlay = overlay
    this.#envelope = envelope
    this.settings = settings
    this.#onQuotaExcess = onQuotaExcess
  }

  get identities(): Identities {
    return this.#envelope.identities
  }

  mayDo(acl: AclList, perms: number): boolean {
    // Who asks is not even decoded for an open list.
    return acl === openAcl || allows(acl, perms, this.identities)
  }

  /** While there are none, nobody need be asked about them. */
  get hasQuotas(): boolean {
    return this.overlay.quotas.isNeeded
  }

  /** QuotaExceeded where a change of so much at `path` would pass a hard limit that is kept; else 0. */
  quotaError(path: string, nodes: number, bytes: number): number {
    const { quotas } = this.overlay
    const excess = quotas.isNeeded ? quotas.excessOf(path, nodes, bytes) : null
    if (excess === null) return 0
    this.#onQuotaExcess(excess)
    return excess.isHard && this.settings.enforceQuota ? ErrorCode.quotaExceeded : 0
  }

  /** The change is made. */
  noteUsage(path: string, nodes: number, bytes: number): void {
    const { quotas } = this.overlay
    if (quotas.isNeeded) quotas.note(path, nodes, bytes, this.zxid)
  }
}
