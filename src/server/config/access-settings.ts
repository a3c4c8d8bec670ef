import { schemes, standardSchemes } from '../../tree/schemes.ts'
import type { Findings, Place } from './config-error.ts'
import type { Entry } from './draft.ts'
import type { SettingsRead } from './read-settings.ts'

/** What a server is told about who may do what. */
export interface AccessConfig {
  /** `user:hash` of the credentials that make a client the super user; null for none. Never to be shown. */
  readonly superDigest: string | null
  /** Hash function of the digest scheme, by its Java name, which OpenSSL understands. */
  readonly digestAlgorithm: string
  /** Every client has to have an identity of one of these schemes; null when it need not. */
  readonly enforcedSchemes: ReadonlySet<string> | null
  /** Access control lists are kept, and not looked at. */
  readonly skipAcl: boolean
  /** Besides world and auth. */
  readonly aclSchemes: ReadonlySet<string>
}

/** As it is when the file says nothing. */
export const standardAccess: AccessConfig = {
  superDigest: null,
  digestAlgorithm: 'SHA1',
  enforcedSchemes: null,
  skipAcl: false,
  aclSchemes: standardSchemes,
}

export function readAccess(read: SettingsRead, findings: Findings): AccessConfig {
  const { values } = read
  const aclSchemes = readProviders(read.authProviders, findings)
  return {
    superDigest: readSuperDigest(read, findings),
    digestAlgorithm: values['DigestAuthenticationProvider.digestAlg'],
    enforcedSchemes: readEnforced(read, aclSchemes, findings),
    skipAcl: values.skipACL,
    aclSchemes,
  }
}

/** The value is a secret of a kind: it is not repeated in messages. */
function readSuperDigest({ values, places }: SettingsRead, findings: Findings): string | null {
  const digest = values['DigestAuthenticationProvider.superDigest']
  const place = places.get('DigestAuthenticationProvider.superDigest')
  if (digest === null || place === undefined) return digest
  if (!/^[^:]+:[A-Za-z0-9+/]+=*$/.test(digest)) {
    findings.problem(
      place,
      'a DigestAuthenticationProvider.superDigest that is no digest',
      '"user:" and the base64 hash of "user:password", as zkServer\'s DigestAuthenticationProvider prints it',
    )
  }
  return digest
}

/** The classes by which ZooKeeper knows schemes that are not always there. */
const providers: ReadonlyMap<string, string> = new Map([
  ['org.apache.zookeeper.server.auth.SASLAuthenticationProvider', 'sasl'],
  ['org.apache.zookeeper.server.auth.X509AuthenticationProvider', 'x509'],
  ['org.apache.zookeeper.server.auth.DigestAuthenticationProvider', 'digest'],
  ['org.apache.zookeeper.server.auth.IPAuthenticationProvider', 'ip'],
])

function readProviders(entries: readonly Entry[], findings: Findings): ReadonlySet<string> {
  const usable = new Set(standardSchemes)
  for (const { key, value, place } of entries) {
    const scheme = providers.get(value)
    if (scheme === undefined) {
      findings.warn(
        place,
        `${key} is accepted and does nothing: "${value}" is a Java class that is not known here`,
      )
    } else if (!usable.has(scheme)) {
      usable.add(scheme)
      findings.warn(
        place,
        `${key}: access control lists may name ${scheme} ids; no client gets one in this version, without TLS and SASL`,
      )
    }
  }
  return usable
}

function readEnforced(
  { values, places }: SettingsRead,
  aclSchemes: ReadonlySet<string>,
  findings: Findings,
): ReadonlySet<string> | null {
  const saslPlace = places.get('sessionRequireClientSASLAuth')
  if (values.sessionRequireClientSASLAuth && saslPlace !== undefined) {
    findings.warn(saslPlace, `sessionRequireClientSASLAuth turns every client away: ${nobody('sasl')}`)
    return new Set(['sasl'])
  }
  const place = places.get('enforce.auth.enabled')
  if (!values['enforce.auth.enabled'] || place === undefined) return null
  const names = (values['enforce.auth.schemes'] ?? '').split(',').map((name) => name.trim())
  const enforced = new Set(names.filter((name) => name !== ''))
  checkEnforced(enforced, aclSchemes, places.get('enforce.auth.schemes') ?? place, findings)
  return enforced
}

function checkEnforced(
  enforced: ReadonlySet<string>,
  aclSchemes: ReadonlySet<string>,
  place: Place,
  findings: Findings,
): void {
  const expected = 'schemes in enforce.auth.schemes, such as "digest", with commas between them'
  if (enforced.size === 0) findings.problem(place, 'enforce.auth.enabled without schemes', expected)
  for (const name of enforced) {
    if (!schemes.has(name)) findings.problem(place, `scheme "${name}" in enforce.auth.schemes`, expected)
    else if (!aclSchemes.has(name)) {
      findings.problem(
        place,
        `scheme "${name}" in enforce.auth.schemes`,
        `an authProvider line for ${name} as well`,
      )
    } else if (!standardSchemes.has(name)) {
      findings.warn(place, `enforce.auth.schemes lets no client in by ${name}: ${nobody(name)}`)
    }
  }
}

const nobody = (scheme: string): string => `no client gets an identity of scheme ${scheme} in this version`
