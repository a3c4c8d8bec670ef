import { describe, expect, test } from 'vitest'
import {
  isReserved,
  isSearchable,
  isValidPath,
  nameOf,
  parentOf,
  sequenceSuffix,
} from '../../src/tree/paths.ts'

const unit = (code: number) => `/a${String.fromCharCode(code)}b`

describe('paths', () => {
  test.each([
    '/',
    '/a',
    '/a/b',
    '/.a',
    '/a.',
    '/...',
    '/..b',
    '/a/.../b',
    '/ü€',
    '/a b',
    unit(0x20),
    unit(0x7e),
    unit(0xa0),
    unit(0xd7ff),
    unit(0xf900),
    unit(0xffef),
  ])('%j -> valid', (path) => {
    expect(isValidPath(path)).toBe(true)
  })

  test.each([
    '',
    'a',
    'a/b',
    '/a/',
    '//',
    '//a',
    '/a//b',
    '/.',
    '/..',
    '/a/.',
    '/a/..',
    '/./a',
    '/a/../b',
    '/😀',
    unit(0),
    unit(1),
    unit(0x1f),
    unit(0x7f),
    unit(0x9f),
    unit(0xd800),
    unit(0xe000),
    unit(0xf8ff),
    unit(0xfff0),
    unit(0xffff),
  ])('%j -> not valid', (path) => {
    expect(isValidPath(path)).toBe(false)
  })

  test('parent and name: by text', () => {
    expect([parentOf('/'), parentOf('/a'), parentOf('/a/b'), parentOf('/a/')]).toEqual(['/', '/', '/a', '/a'])
    expect([nameOf('/a'), nameOf('/a/bc')]).toEqual(['a', 'bc'])
  })

  test('reserved and searchable', () => {
    expect(['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config'].every(isReserved)).toBe(true)
    expect(isReserved('/zookeeper/other')).toBe(false)
    expect([isSearchable('a'), isSearchable('/a\0'), isSearchable('a/b')]).toEqual([false, false, true])
  })

  test('sequence: ten digits, the sign counts as one', () => {
    expect(sequenceSuffix(0)).toBe('0000000000')
    expect(sequenceSuffix(2 ** 31 - 1)).toBe('2147483647')
    expect(sequenceSuffix(-5)).toBe('-000000005')
    expect(sequenceSuffix(-(2 ** 31))).toBe('-2147483648')
  })
})
