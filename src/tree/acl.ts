import { DecodeError } from '../wire/decode-error.ts'
import { Permission } from '../wire/node-flags.ts'
import type { Acl } from '../wire/records.ts'
import { type AclList, openAcl } from './acl-table.ts'
import type { Identities } from './identities.ts'
import { schemes, standardSchemes } from './schemes.ts'

/** Whether the entries permit any of the asked bits to who has these identities. No entries permit everything. */
export function permits(entries: readonly Acl[], perms: number, identities: Identities): boolean {
  return identities.unrestricted || (granted(entries, identities) & perms) !== 0
}

/** As `permits`, of the list of a node. */
export function allows(list: AclList, perms: number, identities: Identities): boolean {
  if (list === openAcl || identities.unrestricted) return true
  if (list.lastAskedBy !== identities) {
    list.lastGranted = granted(list.entries, identities)
    list.lastAskedBy = identities
  }
  return (list.lastGranted & perms) !== 0
}

/** Whether a node with this list may be read. */
export function mayRead(list: AclList, identities: Identities): boolean {
  return list === openAcl || allows(list, Permission.read, identities)
}

/** All bits that the entries give to who has these identities. */
function granted(entries: readonly Acl[], identities: Identities): number {
  if (entries.length === 0) return Permission.all
  let bits = 0
  for (const entry of entries) {
    if ((entry.perms & ~bits) !== 0 && isMeant(entry, identities)) bits |= entry.perms
  }
  return bits
}

function isMeant(entry: Acl, identities: Identities): boolean {
  if (entry.scheme === 'world' && entry.id === 'anyone') return true
  const scheme = schemes.get(entry.scheme ?? '')
  if (scheme === undefined) return false
  for (const identity of identities.list) {
    if (identity.scheme === entry.scheme && scheme.matches(identity.id ?? '', entry.id ?? '')) return true
  }
  return false
}

const storedEntriesMax = 10_000

/**
 * The entries as they are stored: exact duplicates removed, `auth` replaced by the identities of who asks. Null when
 * they are not valid (InvalidACL), or `auth` makes more than 10,000 of them. `usable`: the schemes that entries may
 * name. Throws DecodeError for an entry without an id where one is needed, as ZooKeeper answers that.
 */
export function normalise(
  entries: readonly Acl[] | null,
  identities: Identities,
  usable: ReadonlySet<string> = standardSchemes,
): Acl[] | null {
  if (entries === null || entries.length === 0) return null
  const stored: Acl[] = []
  for (const entry of withoutDuplicates(entries)) {
    if (entry.scheme === 'auth') {
      const before = stored.length
      for (const { scheme, id } of identities.list) {
        if (schemes.get(scheme ?? '')?.authenticates) stored.push({ perms: entry.perms, scheme, id })
      }
      if (stored.length === before) return null
      // A request has a bound, and so has what it stores: many such entries times many identities have none.
      if (stored.length > storedEntriesMax) return null
    } else {
      if (!isStorable(entry, usable)) return null
      stored.push(entry)
    }
  }
  return stored
}

function isStorable({ scheme, id }: Acl, usable: ReadonlySet<string>): boolean {
  if (scheme === null) return false
  if (scheme !== 'world' && !usable.has(scheme)) return false
  if (id === null) throw new DecodeError(`found an entry of scheme ${scheme} without an id`)
  return scheme === 'world' ? id === 'anyone' : (schemes.get(scheme)?.accepts(id) ?? false)
}

function withoutDuplicates(entries: readonly Acl[]): readonly Acl[] {
  if (entries.length === 1) return entries
  const seen = new Set<string>()
  return entries.filter((entry) => {
    const key = JSON.stringify([entry.perms, entry.scheme, entry.id])
    return seen.size < seen.add(key).size
  })
}

/** What getACL shows: without the right to administer the node, the secret half of digest ids is hidden. */
export function masked(entries: readonly Acl[], identities: Identities): readonly Acl[] {
  if (permits(entries, Permission.admin, identities)) return entries
  return entries.map((entry) => {
    if (entry.scheme !== 'digest' || entry.id === null) return entry
    const at = entry.id.indexOf(':')
    return { ...entry, id: `${at < 0 ? entry.id : entry.id.substring(0, at)}:x` }
  })
}
