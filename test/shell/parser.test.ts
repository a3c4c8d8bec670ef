import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseLine, quoteWord } from '../../src/shell/parser.ts'
import { resolvePath } from '../../src/shell/znode-path.ts'

const words = (line: string): string[] => parseLine(line).words.map(({ text }) => text)

describe('parser', () => {
  test.each([
    ['create /a hello', ['create', '/a', 'hello']],
    ['  \t get   /a  ', ['get', '/a']],
    ['set /a "two words"', ['set', '/a', 'two words']],
    ["set /a 'it \\n stays'", ['set', '/a', 'it \\n stays']],
    ['set /a "a\\nb\\t\\"c\\""', ['set', '/a', 'a\nb\t"c"']],
    ['set /a two\\ words', ['set', '/a', 'two words']],
    ['set /a \\u00fc', ['set', '/a', 'ü']],
    ["set /a ''", ['set', '/a', '']],
    ['set /a pre"mid dle"\'po st\'', ['set', '/a', 'premid dlepo st']],
    ['get /a # with a comment', ['get', '/a']],
    ['get /a#b', ['get', '/a#b']],
    ['', []],
    ['# only a comment', []],
  ])('%j -> %j', (line, expected) => {
    expect(parseLine(line).fault).toBeNull()
    expect(words(line)).toEqual(expected)
  })

  test('a quote that is not closed -> a fault that says where, and the word so far', () => {
    const parsed = parseLine('set /a "two wo')
    expect(parsed.fault).toContain('column 8')
    expect(parsed.words.at(-1)).toEqual({ text: 'two wo', start: 7, end: 14 })
  })

  test('any words, quoted and joined -> the same words, at their places', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 12 }), { maxLength: 8 }), (texts) => {
        const quoted = texts.map(quoteWord)
        const parsed = parseLine(quoted.join(' '))
        expect(parsed.fault).toBeNull()
        expect(parsed.words.map(({ text }) => text)).toEqual(texts)
        const line = quoted.join(' ')
        expect(parsed.words.map(({ start, end }) => line.slice(start, end))).toEqual(quoted)
      }),
      { numRuns: 50 },
    )
  })
})

describe('paths', () => {
  test.each([
    ['/a', 'b', '/a/b'],
    ['/', 'b/c', '/b/c'],
    ['/a/b', '..', '/a'],
    ['/a', '../../..', '/'],
    ['/a', '/x//y/./z/', '/x/y/z'],
    ['/a', '.', '/a'],
    ['/a', '...', '/a/...'],
  ])('in %s, %s is %s', (current, typed, expected) => {
    expect(resolvePath(current, typed)).toBe(expected)
  })
})
