import type { JuteReader } from '../../wire/jute-reader.ts'
import { acls, type Id } from '../../wire/records.ts'
import { normalise } from '../acl.ts'
import { AclList, openAcl, skipOpenAcl } from '../acl-table.ts'

/** Far above what people write; `auth` can make much of a small request. */
const aclBytesMax = 4 * 1024 * 1024

/** The list that a request asks for, as it is to be stored; null when it is not valid (InvalidACL). */
export function readRequestedAcl(body: JuteReader, identities: readonly Id[]): AclList | null {
  if (skipOpenAcl(body)) return openAcl
  const entries = normalise(acls.read(body), identities)
  if (entries === null) return null
  const list = new AclList(entries)
  return list.bytes.length > aclBytesMax ? null : list
}
