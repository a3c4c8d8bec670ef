import { matchesIp, parseIpPattern } from './ip-pattern.ts'
import { isX500Name } from './x500-name.ts'

/** What an access control scheme can do. */
export interface Scheme {
  /** Whether an entry may name this id. */
  accepts(id: string): boolean
  /** Whether an identity of the same scheme is meant by an entry's id. */
  matches(identity: string, id: string): boolean
  /** Whether an identity of this scheme stands for its owner where an entry says `auth`. */
  readonly authenticates: boolean
}

const isEqual = (identity: string, id: string): boolean => identity === id

/** `world`, `auth` and `super` are not among them: they are what lists and identities say, not whom they name. */
export const schemes: ReadonlyMap<string, Scheme> = new Map<string, Scheme>([
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
  ['digest', { accepts: isDigestId, matches: isEqual, authenticates: true }],
  ['x509', { accepts: isX500Name, matches: isEqual, authenticates: true }],
  ['sasl', { accepts: isKerberosName, matches: isEqual, authenticates: true }],
])

/** The schemes that entries may name wherever nothing is configured, as in ZooKeeper. */
export const standardSchemes: ReadonlySet<string> = new Set(['ip', 'digest'])

/** Two parts with a colon between them, as Java's `split` counts parts: colons at the end make none. */
function isDigestId(id: string): boolean {
  return /^[^:]*:[^:]+:*$/.test(id)
}

/** `primary[/instance]@REALM`, or a plain name without an `@`. */
function isKerberosName(id: string): boolean {
  return !id.includes('@') || /^[^/@]*(\/[^/@]*)?@[^/@]*$/.test(id)
}
