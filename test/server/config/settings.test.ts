import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { frameBytesMax } from '../../../src/replication/frames.ts'
import { parseConfig } from '../../../src/server/config/index.ts'
import { type Setting, settings } from '../../../src/server/config/settings.ts'

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')

describe('settings', () => {
  it('the largest request that can be allowed -> travels between servers in one frame, beside others', () => {
    expect(settings['jute.maxbuffer'].max * 2).toBeLessThanOrEqual(frameBytesMax)
  })

  it('docs/operations.md -> a row for every setting, with its range, default and meaning', () => {
    const rows = read('docs/operations.md')
      .split('\n')
      .filter((line) => line.startsWith('| `'))
    for (const [name, setting] of Object.entries(settings as Record<string, Setting>)) {
      expect(rows).toContain(
        `| \`${name}\` | ${rangeText(setting)} | ${defaultText(setting)} | ${setting.meaning} |`,
      )
    }
  })

  it('the ready-made configurations -> sound, without a warning, for every server', () => {
    for (const [file, count] of [
      ['config/one.txt', 1],
      ['config/three.txt', 3],
      ['config/five.txt', 5],
    ] as const) {
      for (let serverId = 1; serverId <= count; serverId++) {
        const { config, warnings } = parseConfig(read(file), `/banyan/${file}`, { serverId })
        expect(warnings).toEqual([])
        expect(config.servers).toHaveLength(count)
        expect(config.serverDir).toMatch(/^\/banyan\/data\/(one\/|five\/)?[1-5]$/)
      }
    }
  })
})

function rangeText(setting: Setting): string {
  switch (setting.kind) {
    case 'number':
    case 'derived':
      return `${setting.min} to ${setting.max} ${setting.unit}`.trim()
    case 'switch':
      return 'yes, no'
    case 'choice':
      return setting.choices.join(', ')
    case 'text':
      return 'text'
  }
}

function defaultText(setting: Setting): string {
  if (setting.kind === 'switch') return setting.default ? 'yes' : 'no'
  if (typeof setting.default !== 'object') return String(setting.default)
  return `${setting.default.table}; ${setting.default.zoo} in a zoo.cfg`
}
