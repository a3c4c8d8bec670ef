import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allows, masked, normalise, permits } from '../../src/tree/acl.ts'
import { AclList, AclTable, openAcl, readOnlyEntries } from '../../src/tree/acl-table.ts'
import { Identities, noIdentities } from '../../src/tree/identities.ts'
import { DecodeError } from '../../src/wire/decode-error.ts'
import { JuteReader } from '../../src/wire/jute-reader.ts'
import { Permission } from '../../src/wire/node-flags.ts'
import type { Id } from '../../src/wire/records.ts'

const entry = (perms: number, scheme: string | null, id: string | null) => ({ perms, scheme, id })
const who = (scheme: string, id: string) => ({ scheme, id })
const are = (...ids: Id[]) => Identities.of(ids)

describe('access control: evaluation', () => {
  test('no entries -> everybody', () => {
    expect(permits([], Permission.all, noIdentities)).toBe(true)
  })

  test('world -> everybody, for the bits it has; any of the asked bits suffices', () => {
    const entries = [entry(Permission.read | Permission.admin, 'world', 'anyone')]
    expect(permits(entries, Permission.read, noIdentities)).toBe(true)
    expect(permits(entries, Permission.read | Permission.write, noIdentities)).toBe(true)
    expect(permits(entries, Permission.write, noIdentities)).toBe(false)
  })

  test('property: a list that many are looked up in -> to each what its entries say, whoever asked before', () => {
    const id = fc.constantFrom('u:h', 'v:h', 'w:h')
    const entries = fc.array(
      fc.record({ perms: fc.integer({ min: 0, max: 31 }), scheme: fc.constant('digest'), id }),
    )
    const asked = fc.array(fc.tuple(fc.array(id), fc.integer({ min: 1, max: 31 })))
    fc.assert(
      fc.property(entries, asked, (listed, questions) => {
        const list = new AclList(listed)
        const known = new Map<string, Identities>()
        for (const [ids, perms] of questions) {
          const key = ids.join()
          const identities = known.get(key) ?? are(...ids.map((one) => who('digest', one)))
          known.set(key, identities)
          expect(allows(list, perms, identities)).toBe(
            listed.length === 0 || listed.some((one) => (one.perms & perms) !== 0 && ids.includes(one.id)),
          )
        }
      }),
    )
  })

  test('a list as long as a request may be, asked by one client again and again -> gone through once', () => {
    const list = new AclList(
      Array.from({ length: 40_000 }, (_, i) => entry(31, 'ip', `10.0.${i >> 8}.${i & 255}`)),
    )
    const identities = Identities.at('127.0.0.1')
    const startedMs = performance.now()
    for (let i = 0; i < 1_000; i++) {
      expect(allows(list, 1 << (i % 5), identities)).toBe(false)
    }
    expect(performance.now() - startedMs).toBeLessThan(2_000)
  })

  test('super -> everything, even where nobody may', () => {
    expect(permits([entry(0, 'world', 'anyone')], Permission.write, are(who('super', '')))).toBe(true)
  })

  test('digest -> equal ids only, of the same scheme', () => {
    const entries = [entry(1, 'digest', 'u:h')]
    expect(permits(entries, 1, are(who('digest', 'u:h')))).toBe(true)
    expect(permits(entries, 1, are(who('digest', 'u:x'), who('ip', 'u:h')))).toBe(false)
  })

  test.each([
    ['10.0.0.1', '10.0.0.1', true],
    ['10.0.0.1', '10.0.0.2', false],
    ['10.0.0.0/8', '10.9.8.7', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.0.0.128/25', '10.0.0.200', true],
    ['10.0.0.128/25', '10.0.0.100', false],
    ['0.0.0.0/0', '1.2.3.4', true],
    ['0.0.0.0/0', '::1', false],
    ['::1', '::1', true],
    ['::1', '0:0:0:0:0:0:0:1', true],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['::ffff:1.2.3.4', '::ffff:102:304', true],
    ['::/0', '1.2.3.4', false],
  ])('ip %s, from %s -> %s', (id, address, expected) => {
    expect(permits([entry(1, 'ip', id)], 1, are(who('ip', address)))).toBe(expected)
  })
})

describe('access control: what may be stored', () => {
  test.each([
    ['null', null],
    ['empty', []],
    ['null scheme', [entry(1, null, 'x')]],
    ['unknown scheme', [entry(1, 'foo', 'x')]],
    ['digest with one part', [entry(1, 'digest', 'u')]],
    ['digest with an empty part', [entry(1, 'digest', 'u:')]],
    ['digest with three parts', [entry(1, 'digest', 'a:b:c')]],
    ['x509, not configured', [entry(1, 'x509', 'CN=a')]],
    ['sasl, not configured', [entry(1, 'sasl', 'a')]],
    ['super', [entry(1, 'super', '')]],
    ['super without an id', [entry(1, 'super', null)]],
    ['ip that is none', [entry(1, 'ip', '10.0.0')]],
    ['ip out of range', [entry(1, 'ip', '10.0.0.256')]],
    ['ip with too many bits', [entry(1, 'ip', '10.0.0.0/33')]],
    ['ip with bits that are none', [entry(1, 'ip', '10.0.0.0/x')]],
    ['ipv6 with two gaps', [entry(1, 'ip', '1::2::3')]],
    ['ipv6 too short', [entry(1, 'ip', '1:2:3')]],
    ['auth without identities', [entry(1, 'auth', '')]],
  ])('%s -> not valid', (_name, entries) => {
    expect(normalise(entries, are(who('ip', '10.0.0.1')))).toBeNull()
  })

  test.each(['world', 'digest', 'ip', 'sasl', 'x509'])(
    '%s without an id -> a request that makes no sense',
    (scheme) => {
      const usable = new Set(['ip', 'digest', 'sasl', 'x509'])
      expect(() => normalise([entry(1, scheme, null)], noIdentities, usable)).toThrow(DecodeError)
    },
  )

  test.each([
    ['digest', 'u:h'],
    ['digest', ':h'],
    ['digest', 'u:h:'],
    ['ip', '10.0.0.+1'],
    ['ip', '010.0.0.1/08'],
    ['ip', '::ffff:10.0.0.1/96'],
    ['sasl', 'alice'],
    ['sasl', 'alice@EXAMPLE.COM'],
    ['sasl', 'zk/host.example.com@EXAMPLE.COM'],
    ['x509', 'CN=app,OU=a+L=b,O="Example, Inc.",C=DE'],
  ])('%s %s, where the scheme is configured -> stored as it is', (scheme, id) => {
    const entries = [entry(-1, scheme, id), entry(0, 'world', 'anyone')]
    expect(normalise(entries, noIdentities, new Set(['ip', 'digest', 'sasl', 'x509']))).toEqual(entries)
  })

  test.each(['alice@', 'a@b@c', 'a/b/c@d', 'a@b/c'])('sasl %s -> valid only as a Kerberos name', (id) => {
    const valid = normalise([entry(1, 'sasl', id)], noIdentities, new Set(['sasl']))
    expect(valid === null).toBe(id !== 'alice@')
  })

  test('auth entries times identities are far more than the request -> not valid', () => {
    const identities = are(...Array.from({ length: 40 }, (_, i) => who('digest', `u${i}:x`)))
    const entries = (count: number) => Array.from({ length: count }, (_, i) => entry(i, 'auth', ''))
    expect(normalise(entries(250), identities)).toHaveLength(10_000)
    expect(normalise(entries(251), identities)).toBeNull()
  })

  test('duplicates -> removed; auth -> each authenticated identity, same perms, duplicates stay', () => {
    const identities = are(who('ip', '10.0.0.1'), who('digest', 'a:1'), who('digest', 'b:2'))
    const entries = [
      entry(1, 'world', 'anyone'),
      entry(1, 'world', 'anyone'),
      entry(3, 'digest', 'a:1'),
      entry(3, 'auth', null),
      entry(3, 'auth', null),
    ]
    expect(normalise(entries, identities)).toEqual([
      entry(1, 'world', 'anyone'),
      entry(3, 'digest', 'a:1'),
      entry(3, 'digest', 'a:1'),
      entry(3, 'digest', 'b:2'),
    ])
  })
})

describe('access control: what is shown', () => {
  const entries = [entry(Permission.read, 'world', 'anyone'), entry(Permission.all, 'digest', 'u:secret')]

  test('without ADMIN -> digest secrets hidden; with it -> shown', () => {
    expect(masked(entries, noIdentities)).toEqual([entries[0], entry(Permission.all, 'digest', 'u:x')])
    expect(masked(entries, are(who('digest', 'u:secret')))).toEqual(entries)
  })
})

describe('access control: the table', () => {
  test('equal lists -> one, as long as somebody has it; the open one is not counted', () => {
    const table = new AclTable()
    const bytes = new AclList(readOnlyEntries).bytes
    const first = table.reference(table.read(new JuteReader(bytes)))
    const second = table.reference(table.read(new JuteReader(bytes)))
    expect(second).toBe(first)
    expect(table.at(first).entries).toEqual(readOnlyEntries)
    expect(table.read(new JuteReader(openAcl.bytes))).toBe(openAcl)
    expect(table.size).toBe(1)
    table.release(first)
    expect(table.size).toBe(1)
    table.release(second)
    expect(table.size).toBe(0)
    expect(() => table.release(second)).toThrow()
  })
})
