import { describe, expect, it } from 'vitest'
import { readSrvr, type ServerView, statusKey, statusLine } from '../../src/ensemble/server-watch.ts'

const srvr = (mode: string, zxid: string) =>
  `Zookeeper version: 3.8.0, built on 2026-01-01 00:00 UTC\nLatency min/avg/max: 0/0.0/0\nZxid: ${zxid}\nMode: ${mode}\nNode count: 5\n`

describe('server watch', () => {
  it('the answer to srvr -> state and zxid', () => {
    expect(readSrvr(srvr('leader', '0x200000003'))).toEqual({ state: 'leader', zxid: '0x200000003' })
    expect(readSrvr('This ZooKeeper instance is not currently serving requests\n')).toEqual({
      state: 'electing',
      zxid: null,
    })
    expect(readSrvr('')).toEqual({ state: 'down', zxid: null })
  })

  it('an ensemble -> one line, with the last zxid of the leader', () => {
    const views = new Map<number, ServerView>([
      [1, { state: 'follower', zxid: '0x200000002' }],
      [2, { state: 'down', zxid: null }],
      [3, { state: 'leader', zxid: '0x200000003' }],
    ])
    expect(statusLine(views)).toBe('1 follower  2 down  3 leader · last zxid 0x200000003')
    views.set(3, { state: 'electing', zxid: null })
    expect(statusLine(views)).toBe('1 follower  2 down  3 electing')
  })

  it('a write -> nothing new to show; a new state -> something new', () => {
    const key = (state: string, zxid: string) => statusKey(new Map([[1, { state, zxid }]]))
    expect(key('leader', '0x200000003')).toBe(key('leader', '0x2000000ff'))
    expect(key('leader', '0x200000003')).toBe(key('leader', '0x300000001'))
    expect(key('leader', '0x200000003')).not.toBe(key('follower', '0x200000003'))
  })
})
