import { describe, expect, test } from 'vitest'
import type { ServerConfig } from '../../../src/server/config/index.ts'
import { versionLine } from '../../../src/server/version.ts'
import { Harness } from '../client-side-harness.ts'
import { say } from './say.ts'

/** What programs that others wrote look for in the answers. */
describe('four-letter words, as others read them', () => {
  const modes: [mode: string, config: Partial<ServerConfig>][] = [
    ['leader', {}],
    ['standalone', { standalone: true }],
  ]

  test.each(modes)('a Go client: srvr of a %s', async (mode, config) => {
    const harness = await Harness.serving(config)
    const version =
      '^Zookeeper version: ([A-Za-z0-9.-]+), built on (\\d\\d/\\d\\d/\\d{4} \\d\\d:\\d\\d [A-Za-z0-9:+-]+)'
    const latency = '^Latency min/avg/max: (\\d+)/([0-9.]+)/(\\d+)'
    const traffic = '^Received: (\\d+).*\\n^Sent: (\\d+).*\\n^Connections: (\\d+).*\\n^Outstanding: (\\d+)'
    const state = '^Zxid: (0x[A-Za-z0-9]+).*\\n^Mode: (\\w+).*\\n^Node count: (\\d+)'
    const match = new RegExp([version, latency, traffic, state].join('.*\\n'), 'm').exec(
      await say(harness, 'srvr'),
    )
    expect(match?.index).toBe(0)
    expect(match?.[11]).toBe(mode)
    // It reads the date as month, day, year.
    expect(match?.[2]).toMatch(/^(0[1-9]|1[0-2])\/([0-2]\d|3[01])\/\d{4} ([01]\d|2[0-3]):[0-5]\d UTC$/)
  })

  test('a Go client: cons of a session', async () => {
    const harness = await Harness.serving()
    harness.client()
    const line = (await say(harness, 'cons')).split('\n')[0] ?? ''
    const octet = '(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)'
    const address = `^ /((?:${octet}\\.){3}${octet}:(?:\\d+))\\[\\d+\\]`
    const packets =
      '\\(queued=(\\d+),recved=(\\d+),sent=(\\d+),sid=(0x[A-Za-z0-9]+),lop=(\\w+),est=(\\d+),to=(\\d+),'
    const session =
      'lcxid=(0x[A-Za-z0-9]+),lzxid=(0x[A-Za-z0-9]+),lresp=(\\d+),llat=(\\d+),minlat=(\\d+),avglat=(\\d+),maxlat=(\\d+)\\)'
    const match = new RegExp(address + packets + session).exec(line)
    expect(match?.[6]).toBe('SESS')
  })

  test('a Python client: the version in envi, as numbers', async () => {
    const harness = await Harness.serving()
    const properties = new Map<string, string>()
    for (const line of (await say(harness, 'envi')).split('\n')) {
      const at = line.indexOf('=')
      if (at > 0) properties.set(line.slice(0, at).trim(), line.slice(at + 1).trim())
    }
    const digits = /^([\d.]*)/.exec(properties.get('zookeeper.version') ?? '')?.[1] ?? ''
    const numbers = digits.split('.').map((part) => Number.parseInt(part, 10))
    expect(numbers).toEqual([3, 8, 0])
  })

  test('a monitor: the version in front, in stat and in mntr', async () => {
    const harness = await Harness.serving()
    const stat = await say(harness, 'stat')
    expect(/Zookeeper version: ([^.]+)\.([^.]+)\.([^-]+)/.exec(stat)?.slice(1)).toEqual(['3', '8', '0'])
    expect(/^zk_version\t([0-9]+\.[0-9]+\.[0-9]+)/.exec(await say(harness, 'mntr'))?.[1]).toBe('3.8.0')
    expect(versionLine.startsWith('3.8.0-')).toBe(true)
  })

  test('a monitor: every figure of mntr but the texts -> a number, each key once', async () => {
    const harness = await Harness.serving()
    const rows = (await say(harness, 'mntr')).trimEnd().split('\n')
    const keys = rows.map((row) => row.split('\t')[0])
    expect(new Set(keys).size).toBe(keys.length)
    const texts = ['zk_version', 'zk_server_state', 'zk_peer_state']
    for (const row of rows) {
      const [key = '', value = ''] = row.split('\t')
      if (!texts.includes(key)) expect([key, Number.isFinite(Number.parseFloat(value))]).toEqual([key, true])
    }
  })
})
