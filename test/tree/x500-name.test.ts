import { describe, expect, test } from 'vitest'
import { isX500Name } from '../../src/tree/x500-name.ts'

// What Java's X500Principal says of the same texts.
describe('X.500 names', () => {
  test.each([
    '',
    'CN=a',
    'cn=a, OU=b',
    'CN=a;OU=b',
    'CN=a+OU=b',
    'CN = a ',
    'CN=,OU=b',
    'CN=a=b',
    'CN=a#b',
    'CN="a, b"',
    'CN="a\\"b"',
    'CN= "a" , OU=b',
    'CN=#04024869',
    'CN=a\\,b',
    'CN=a\\2Cb',
    'CN=a\\ ',
    'CN=ä',
    'EMAILADDRESS=a@b',
    '1.2.840.113549.1.9.1=x',
    'OID.2.5.4.3=a',
  ])('%s -> one', (text) => {
    expect(isX500Name(text)).toBe(true)
  })

  test.each([
    'CN',
    '=a',
    ' ',
    'XX=a',
    'E=a@b',
    '3.1.2=a',
    '1=a',
    '1.40.1=a',
    'CN="a',
    'CN=a"b',
    'CN="a"b',
    'CN=#0',
    'CN=#zz',
    'CN=a\\zb',
    'CN=a\\',
    'CN=a<b',
    'CN=a,',
    ',CN=a',
    'CN=a,,OU=b',
    'CN=a +',
  ])('%s -> none', (text) => {
    expect(isX500Name(text)).toBe(false)
  })

  test('many spaces in the middle of a value -> one, in no time', () => {
    const startedMs = performance.now()
    expect(isX500Name(`CN=a${' '.repeat(200_000)}b`)).toBe(true)
    expect(isX500Name(`CN=a\\${' '.repeat(200_000)}`)).toBe(true)
    expect(performance.now() - startedMs).toBeLessThan(1_000)
  })

  test.each([
    ['hexadecimal digits', `CN=#${'00'.repeat(8_000_000)}`],
    ['numbers', `2.1${'.1'.repeat(8_000_000)}=x`],
  ])('16 MB of %s -> none', (_what, text) => {
    expect(isX500Name(text)).toBe(false)
  })
})
