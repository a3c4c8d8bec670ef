import { describe, expect, it } from 'vitest'
import { nodeLog } from '../../src/runtime/node-log.ts'

function collected(options: Parameters<typeof nodeLog>[0] = {}) {
  const lines: string[] = []
  return { lines, log: nodeLog({ ...options, write: (text) => lines.push(text) }) }
}

describe('log', () => {
  it('text: one plain line with time, level, part, message and fields', () => {
    const { lines, log } = collected()
    log.child('election').info('won', { epoch: 3, leader: 'two words', quiet: true, none: null })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} INFO {2}election: won epoch=3 leader="two words" quiet=true none=null\n$/,
    )
  })

  it('text: line breaks and escapes from outside -> still one line, no control bytes', () => {
    const { lines, log } = collected()
    log.warn('bad\nname', { path: '/a\n2026-01-01 INFO forged', colour: '\u001b[31m' })
    expect(lines[0]?.split('\n')).toHaveLength(2)
    expect(lines[0]).not.toContain('\u001b')
    expect(lines[0]).toContain('bad\\nname')
  })

  it('text: colour asked for -> escapes; not asked for -> none', () => {
    const coloured = collected({ colour: true })
    coloured.log.error('x')
    expect(coloured.lines[0]).toContain('\u001b[31mERROR')
    const plain = collected()
    plain.log.error('x')
    expect(plain.lines[0]).not.toContain('\u001b')
  })

  it('json: one object a line', () => {
    const { lines, log } = collected({ format: 'json' })
    log.child('disk').error('full', { bytes: 7 })
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 50, part: 'disk', msg: 'full', bytes: 7 })
    expect(lines[0]?.endsWith('}\n')).toBe(true)
  })

  it('level: below it -> silence', () => {
    const { lines, log } = collected({ level: 'warn' })
    log.info('no')
    log.debug('no')
    log.warn('yes')
    expect(lines).toHaveLength(1)
  })
})
