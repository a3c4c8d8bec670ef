import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Identities, noIdentities } from '../../src/tree/identities.ts'
import { DecodeError } from '../../src/wire/decode-error.ts'

const digest = { scheme: 'digest', id: 'u:h' }

describe('identities', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1', 5],
    ['::1', '0:0:0:0:0:0:0:1', 17],
    ['2001:DB8::a:0', '2001:db8:0:0:0:0:a:0', 17],
    ['fe80::1%eth0', 'fe80:0:0:0:0:0:0:1', 17],
    ['s1', undefined, 1],
  ])('at %s -> known by that address, in few bytes', (host, id, bytes) => {
    const at = Identities.at(host)
    expect(at.list).toEqual(id === undefined ? [] : [{ scheme: 'ip', id }])
    expect(at.bytes).toHaveLength(bytes)
    expect(at.unrestricted).toBe(false)
  })

  test('another one -> behind those there are; the same one -> nothing changes', () => {
    const at = Identities.at('10.0.0.1')
    const both = at.with(digest)
    expect(both.list).toEqual([{ scheme: 'ip', id: '10.0.0.1' }, digest])
    expect(at.list).toHaveLength(1)
    expect(both.with({ ...digest })).toBe(both)
  })

  test('super -> unrestricted, and stays so', () => {
    expect(noIdentities.with({ scheme: 'super', id: '' }).with(digest).unrestricted).toBe(true)
    expect(Identities.at('10.0.0.1', true).with(digest).unrestricted).toBe(true)
  })

  test('property: encoded and decoded -> the same', () => {
    const id = fc.record({ scheme: fc.constantFrom('digest', 'sasl', 'super'), id: fc.string() })
    const host = fc.constantFrom('10.1.2.3', 'fe80::1', 'nowhere')
    fc.assert(
      fc.property(host, fc.array(id), fc.boolean(), (at, others, unrestricted) => {
        let identities = Identities.at(at, unrestricted)
        for (const other of others) identities = identities.with(other)
        const decoded = Identities.decode(identities.bytes)
        expect(decoded.list).toEqual(identities.list)
        expect(decoded.unrestricted).toBe(identities.unrestricted)
      }),
    )
  })

  test.each([
    ['nothing', []],
    ['a short address', [4, 10, 0]],
    ['half an id', [0, 0, 0, 0, 9, 1]],
  ])('%s -> DecodeError', (_name, bytes) => {
    expect(() => Identities.decode(Buffer.from(bytes))).toThrow(DecodeError)
  })
})
