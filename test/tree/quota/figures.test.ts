import { describe, expect, test } from 'vitest'
import { Figures } from '../../../src/tree/quota/figures.ts'

describe('quota figures', () => {
  test.each([
    ['count=5,bytes=3', 'count=5,bytes=3'],
    [
      'count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=5',
      'count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=5',
    ],
    ['bytes=7,count=100;foo=9,bar=3', 'count=100,bytes=7=;bar=3;foo=9'],
    ['count=+2;;,bytes=007', 'count=2,bytes=7'],
    ['count==5,bytes=1', 'count=-1,bytes=1'],
    ['count=1,count=2', 'count=2,bytes=-1'],
    ['', 'count=-1,bytes=-1'],
    ['garbage', 'count=-1,bytes=-1'],
    ['count=five,bytes=1e3', 'count=-1,bytes=-1'],
    ['count=99999999999999999999,bytes=1', 'count=-1,bytes=1'],
  ])('%s -> %s', (text, written) => {
    expect(Figures.parse(Buffer.from(text)).toString()).toBe(written)
  })

  test('null, or far too much -> no figures', () => {
    expect(Figures.parse(null).get('count')).toBe(-1)
    expect(Figures.parse(Buffer.from(`count=5,${' '.repeat(200)}`)).get('count')).toBe(5)
    expect(Figures.parse(Buffer.from(`count=5,${' '.repeat(250)}`)).get('count')).toBe(-1)
  })
})
