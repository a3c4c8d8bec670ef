import { describe, expect, test } from 'vitest'
import { checkServers, reigns, type ServerWords } from './server-checks.ts'

const line = (text: string): string => `2026-01-02 03:04:05.678 INFO  replication: ${text}\n`
const leads = (leader: number, epoch: number): string =>
  line(`leads leader=${leader} epoch=${epoch} applied=0x100000000`)
const follows = (leader: number, epoch: number): string =>
  line(`follows leader=${leader} epoch=${epoch} applied=0x100000000`)

const words = (id: number, log: string, hash = ''): ServerWords => ({ id, log, hash })
const rules = (servers: ServerWords[]): string[] => checkServers(servers).map(({ rule }) => rule)

describe('chaos: what servers say of themselves', () => {
  test('one leader in each epoch, the same digests -> nothing is wrong', () => {
    const servers = [
      words(1, follows(2, 1) + leads(1, 2), '80: 123\n100: 456\n'),
      words(2, leads(2, 1) + follows(1, 2), '80: 123\n'),
    ]
    expect(checkServers(servers)).toEqual([])
    expect(reigns(servers)).toEqual(
      new Map([
        [1, new Set([2])],
        [2, new Set([1])],
      ]),
    )
  })

  test('the same epoch led by two servers -> told', () => {
    expect(rules([words(1, leads(1, 3)), words(2, leads(2, 3))])).toEqual(['one leader per epoch'])
  })

  test('the same server leads the same epoch twice in its log -> nothing is wrong', () => {
    expect(rules([words(1, leads(1, 3) + leads(1, 3))])).toEqual([])
  })

  test('another digest at the same zxid -> told, with both', () => {
    const found = checkServers([words(1, '', '80: 1\n'), words(2, '', '80: 2\n')])
    expect(found).toEqual([
      {
        rule: 'equal digest at equal zxid',
        problem: 'at zxid 0x80 server 1 has digest 1, server 2 has 2',
      },
    ])
  })

  test('a line of level ERROR -> told', () => {
    const log = '2026-01-02 03:04:05.678 ERROR stopping at once, nobody expected this error\n'
    expect(rules([words(1, log)])).toEqual(['no server finds anything broken'])
  })
})
