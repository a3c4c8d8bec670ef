import type { JuteReader } from '../../wire/jute-reader.ts'
import { acls, type Id } from '../../wire/records.ts'
import { normalise } from '../acl.ts'
import { AclList, openAcl, skipOpenAcl } from '../acl-table.ts'

/** The list that a request asks for, as it is to be stored; null when it is not valid (InvalidACL). */
export function readRequestedAcl(body: JuteReader, identities: readonly Id[]): AclList | null {
  if (skipOpenAcl(body)) return openAcl
  const entries = normalise(acls.read(body), identities)
  return entries === null ? null : new AclList(entries)
}
