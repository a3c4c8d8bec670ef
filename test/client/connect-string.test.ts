import { describe, expect, test } from 'vitest'
import { ConnectStringError, formatAddress, parseConnectString } from '../../src/client/connect-string.ts'

describe('connect string', () => {
  test('servers, default port, IPv6 and chroot', () => {
    expect(parseConnectString('a:1, b,[::1]:3,fe80::2/app/team')).toEqual({
      servers: [
        { host: 'a', port: 1 },
        { host: 'b', port: 2181 },
        { host: '::1', port: 3 },
        { host: 'fe80::2', port: 2181 },
      ],
      chroot: '/app/team',
    })
  })

  test('a chroot of "/" is none', () => {
    expect(parseConnectString('a/').chroot).toBe('')
  })

  test.each([
    ['', 'no server'],
    ['/app', 'no server'],
    ['a:0', 'port "0"'],
    ['a:65536', 'port "65536"'],
    ['a:x', 'port "x"'],
    [':2181', 'no host'],
    ['a/b/', 'chroot'],
    ['a//b', 'chroot'],
  ])('%j -> an error that says why', (text, reason) => {
    expect(() => parseConnectString(text)).toThrow(ConnectStringError)
    expect(() => parseConnectString(text)).toThrow(reason)
  })

  test('an address is written as it is read', () => {
    expect(formatAddress({ host: '::1', port: 5 })).toBe('[::1]:5')
    expect(formatAddress({ host: 'a', port: 5 })).toBe('a:5')
  })
})
