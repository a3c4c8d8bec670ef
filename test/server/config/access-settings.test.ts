import { describe, expect, test } from 'vitest'
import { standardAccess } from '../../../src/server/config/access-settings.ts'
import { ConfigError, parseConfig } from '../../../src/server/config/index.ts'

const parse = (...lines: string[]) =>
  parseConfig(['dataDir=/data', 'clientPort=2181', ...lines].join('\n'), '/etc/zoo.cfg')

const problemsOf = (...lines: string[]): string => {
  try {
    parse(...lines)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return ''
}

const digest = 'super:D/InIHSb7yEEbrWz8b9l71RjZJU='

describe('settings of access', () => {
  test('nothing said -> lists are checked, nobody is super, nobody has to authenticate', () => {
    expect(parse().config.access).toEqual(standardAccess)
  })

  test.each(['', 'zookeeper.'])('superDigest, with the prefix "%s" -> taken', (prefix) => {
    const { config, warnings } = parse(`${prefix}DigestAuthenticationProvider.superDigest=${digest}`)
    expect(config.access.superDigest).toBe(digest)
    expect(warnings).toEqual([])
  })

  test('a superDigest that is none, twice, or behind a space -> a problem that does not repeat it', () => {
    const key = 'DigestAuthenticationProvider.superDigest'
    for (const lines of [[`${key}=hidden`], [`${key}=${digest}`, `${key}=hidden`]]) {
      expect(problemsOf(...lines)).toContain('superDigest')
      expect(problemsOf(...lines)).not.toContain('hidden')
    }
    const { warnings } = parse('superDigest hidden')
    expect(warnings).toEqual([expect.stringContaining('superDigest is not a known setting')])
    expect(warnings.join()).not.toContain('hidden')
    expect(() => parseConfig(`1 h 1 2 3\ndataDir=/d\n${key} super:hidden`, '/banyan/one.txt')).toThrow(
      '/banyan/one.txt:3: found "DigestAuthenticationProvider.superDigest …" (2 fields)',
    )
    expect(() => parseConfig(`1 h 1 2 3\ndataDir=/d\n${key} hidden=x`, '/banyan/one.txt')).toThrow(
      /^(?!.*hidden).*superDigest/s,
    )
  })

  test('digestAlg -> one of those there are', () => {
    expect(parse('DigestAuthenticationProvider.digestAlg=SHA3-256').config.access.digestAlgorithm).toBe(
      'SHA3-256',
    )
    expect(problemsOf('DigestAuthenticationProvider.digestAlg=ROT13')).toContain('SHA1 or SHA-224')
  })

  test('authProvider lines -> the schemes that lists may name, with a word on what they lack', () => {
    const { config, warnings } = parse(
      'authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider',
      'zookeeper.authProvider.x509=org.apache.zookeeper.server.auth.X509AuthenticationProvider',
      'authProvider.mine=com.example.Mine',
    )
    expect([...config.access.aclSchemes].sort()).toEqual(['digest', 'ip', 'sasl', 'x509'])
    expect(warnings).toHaveLength(3)
    expect(warnings.join()).toContain('com.example.Mine')
  })

  test('the same authProvider line twice -> as once', () => {
    const line = 'authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider'
    expect(parse(line, line).config).toEqual(parse(line).config)
  })

  test('enforce.auth -> the schemes, when it is enabled', () => {
    expect(parse('enforce.auth.schemes=digest').config.access.enforcedSchemes).toBeNull()
    expect(
      parse('enforce.auth.enabled=true', 'enforce.auth.schemes=digest, ip').config.access.enforcedSchemes,
    ).toEqual(new Set(['digest', 'ip']))
  })

  test.each([
    [['enforce.auth.enabled=true'], 'without schemes'],
    [['enforce.auth.enabled=true', 'enforce.auth.schemes=kerberos'], 'scheme "kerberos"'],
    [['enforce.auth.enabled=true', 'enforce.auth.schemes=sasl'], 'an authProvider line for sasl'],
  ])('%j -> a problem', (lines, message) => {
    expect(problemsOf(...lines)).toContain(message)
  })

  test('sessionRequireClientSASLAuth -> only sasl would do, and a warning that nobody can', () => {
    const { config, warnings } = parse('sessionRequireClientSASLAuth=true')
    expect(config.access.enforcedSchemes).toEqual(new Set(['sasl']))
    expect(warnings.join()).toContain('turns every client away')
  })
})
