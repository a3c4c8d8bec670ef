import { describe, expect, it } from 'vitest'
import { linePrinter } from '../../src/ensemble/printer.ts'

function printed(options: { colour: boolean; quiet: boolean }): string {
  let text = ''
  const printer = linePrinter({
    ...options,
    write: (piece) => {
      text += piece
    },
  })
  printer.serverLine(2, 'hello', 'out')
  printer.notice(1, 'started, pid 7')
  printer.status('1 leader')
  return text
}

describe('ensemble printer', () => {
  it('piped -> plain text', () => {
    expect(printed({ colour: false, quiet: false })).toBe(
      '2 │ hello\n1 │ server 1 started, pid 7\n 1 leader \n',
    )
  })

  it("quiet -> of the servers' own lines only the errors", () => {
    let text = ''
    const write = (piece: string): void => {
      text += piece
    }
    const printer = linePrinter({ colour: false, quiet: true, write })
    printer.serverLine(1, '2026-01-01 10:00:00.000 INFO  all is well', 'out')
    printer.serverLine(1, '2026-01-01 10:00:00.000 ERROR the disk is full', 'out')
    printer.serverLine(1, 'zkserver: no such file', 'err')
    expect(text).toBe('1 │ 2026-01-01 10:00:00.000 ERROR the disk is full\n1 │ zkserver: no such file\n')
    expect(printed({ colour: false, quiet: true })).toBe('1 │ server 1 started, pid 7\n 1 leader \n')
  })

  it('on a terminal -> a colour for each server', () => {
    const text = printed({ colour: true, quiet: false })
    expect(text).toContain('\u001b[35m2 │\u001b[39m hello')
    expect(text).toContain('\u001b[36m1 │\u001b[39m')
  })
})
