import { DecodeError } from '../wire/decode-error.ts'
import { Permission } from '../wire/node-flags.ts'
import type { Acl, Id } from '../wire/records.ts'
import { matchesIp, parseIpPattern } from './ip-pattern.ts'

/** What an access control scheme can do. Adding a scheme is one line in `schemes`. */
interface Scheme {
  /** Whether an entry may name this id. */
  accepts(id: string): boolean
  /** Whether an identity of the same scheme is meant by an entry's id. */
  matches(identity: string, id: string): boolean
  /** Whether an identity of this scheme stands for its owner where an entry says `auth`. */
  readonly authenticates: boolean
}

const schemes = new Map<string, Scheme>([
  [
    'ip',
    {
      accepts: (id) => parseIpPattern(id) !== null,
      matches(identity, id) {
        const pattern = parseIpPattern(id)
        return pattern !== null && matchesIp(pattern, identity)
      },
      authenticates: false,
    },
  ],
  [
    'digest',
    {
      accepts: (id) => /^[^:]+:[^:]+$/.test(id),
      matches: (identity, id) => identity === id,
      authenticates: true,
    },
  ],
])

/** Whether the entries permit any of the asked bits to who has these identities. No entries permit everything. */
export function permits(entries: readonly Acl[], perms: number, identities: readonly Id[]): boolean {
  if (entries.length === 0) return true
  for (const identity of identities) if (identity.scheme === 'super') return true
  for (const entry of entries) {
    if ((entry.perms & perms) === 0) continue
    if (entry.scheme === 'world' && entry.id === 'anyone') return true
    const scheme = schemes.get(entry.scheme ?? '')
    if (scheme === undefined) continue
    for (const identity of identities) {
      if (identity.scheme === entry.scheme && scheme.matches(identity.id ?? '', entry.id ?? '')) return true
    }
  }
  return false
}

const storedEntriesMax = 10_000

/**
 * The entries as they are stored: exact duplicates removed, `auth` replaced by the identities of who asks. Null when
 * they are not valid (InvalidACL), or `auth` makes more than 10,000 of them. Throws DecodeError for a world entry without an id, as ZooKeeper answers that.
 */
export function normalise(entries: readonly Acl[] | null, identities: readonly Id[]): Acl[] | null {
  if (entries === null || entries.length === 0) return null
  const stored: Acl[] = []
  for (const entry of withoutDuplicates(entries)) {
    if (entry.scheme === null) return null
    if (entry.scheme === 'world') {
      if (entry.id === null) throw new DecodeError('found a world entry without an id')
      if (entry.id !== 'anyone') return null
      stored.push(entry)
    } else if (entry.scheme === 'auth') {
      const before = stored.length
      for (const identity of identities) {
        if (!schemes.get(identity.scheme ?? '')?.authenticates) continue
        stored.push({ perms: entry.perms, scheme: identity.scheme, id: identity.id })
      }
      if (stored.length === before) return null
      // A request has a bound, and so has what it stores: many such entries times many identities have none.
      if (stored.length > storedEntriesMax) return null
    } else {
      if (!schemes.get(entry.scheme)?.accepts(entry.id ?? '')) return null
      stored.push(entry)
    }
  }
  return stored
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
export function masked(entries: readonly Acl[], identities: readonly Id[]): readonly Acl[] {
  if (permits(entries, Permission.admin, identities)) return entries
  return entries.map((entry) => {
    if (entry.scheme !== 'digest' || entry.id === null) return entry
    const at = entry.id.indexOf(':')
    return { ...entry, id: `${at < 0 ? entry.id : entry.id.substring(0, at)}:x` }
  })
}
