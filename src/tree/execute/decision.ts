import { JuteWriter } from '../../wire/jute-writer.ts'
import { permits } from '../acl.ts'
import { type AclList, openAcl } from '../acl-table.ts'
import type { Identities } from '../identities.ts'
import type { Overlay } from '../overlay.ts'
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

  /** `envelope`: that of whichever request is being decided. */
  constructor(overlay: Overlay, envelope: RequestEnvelope, settings: ExecuteSettings) {
    this.overlay = overlay
    this.#envelope = envelope
    this.settings = settings
  }

  get identities(): Identities {
    return this.#envelope.identities
  }

  mayDo(acl: AclList, perms: number): boolean {
    return acl === openAcl || permits(acl.entries, perms, this.identities)
  }
}
