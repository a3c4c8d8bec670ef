import { DecodeError } from '../../wire/decode-error.ts'
import type { JuteReader } from '../../wire/jute-reader.ts'
import { acls } from '../../wire/records.ts'
import { normalise } from '../acl.ts'
import { AclList, openAcl, skipOpenAcl } from '../acl-table.ts'
import type { Decision } from './decision.ts'

/** Far above what people write; `auth` can make much of a small request. */
const aclBytesMax = 4 * 1024 * 1024

/**
 * The list that a request asks for, as it is to be stored; null when it is not valid (InvalidACL), and a DecodeError for
 * what ZooKeeper stumbles over, to be thrown when it is the list's turn to be checked.
 */
export function readRequestedAcl(decision: Decision, body: JuteReader): AclList | DecodeError | null {
  if (skipOpenAcl(body)) return openAcl
  const asked = acls.read(body)
  try {
    const entries = normalise(asked, decision.identities, decision.settings.access.aclSchemes)
    if (entries === null) return null
    const list = new AclList(entries)
    return list.bytes.length > aclBytesMax ? null : list
  } catch (error) {
    if (error instanceof DecodeError) return error
    throw error
  }
}
