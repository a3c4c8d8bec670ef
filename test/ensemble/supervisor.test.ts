import { describe, expect, it } from 'vitest'
import { Supervisor } from '../../src/ensemble/supervisor.ts'
import { FakeProcesses, ManualTime } from './fake-processes.ts'

function setUp(restart = true) {
  const processes = new FakeProcesses()
  const time = new ManualTime()
  const lines: string[] = []
  const notices: string[] = []
  const over: boolean[] = []
  const supervisor = new Supervisor({
    runtime: time,
    processes,
    script: 'server',
    args: ['1'],
    restart,
    onLine: (line) => lines.push(line),
    onNotice: (text) => notices.push(text),
    onOver: (clean) => over.push(clean),
  })
  supervisor.start()
  return { processes, time, lines, notices, over, supervisor }
}

describe('supervisor', () => {
  it('output in odd pieces -> whole lines, the unfinished last one when the child ends', () => {
    const { processes, lines } = setUp()
    const euro = Buffer.from('€')
    processes.last.say('one\r\ntw')
    processes.last.say('other', 'err')
    processes.last.say('o\n\nthr')
    processes.last.options.onOutput(euro.subarray(0, 1), 'out')
    processes.last.options.onOutput(euro.subarray(1), 'out')
    expect(lines).toEqual(['one', 'two', ''])
    processes.last.end({ code: 0 })
    expect(lines).toEqual(['one', 'two', '', 'thr€', 'other'])
  })

  it('a line without end -> handed on in pieces, not kept for ever', () => {
    const { processes, lines } = setUp()
    for (let piece = 0; piece < 5; piece++) processes.last.say('x'.repeat(20_000))
    expect(lines.map((line) => line.length)).toEqual([80_000])
  })

  it('a child that dies -> told, and started again after a pause', () => {
    const { processes, time, notices, supervisor } = setUp()
    expect(supervisor.pid).toBe(100)
    processes.last.end({ signal: 'SIGKILL' })
    expect(supervisor.pid).toBe(0)
    time.advance(199)
    expect(processes.children).toHaveLength(1)
    time.advance(1)
    expect(processes.children).toHaveLength(2)
    expect(notices).toEqual([
      'started, pid 100',
      'killed by SIGKILL; starting it again in 200 ms',
      'started, pid 101',
    ])
  })

  it('deaths in a row -> longer pauses, then given up', () => {
    const { processes, time, notices, over } = setUp()
    for (let death = 0; death < 8; death++) {
      processes.last.end({ code: 1 })
      time.advance(10_000)
    }
    expect(processes.children).toHaveLength(8)
    expect(over).toEqual([false])
    const pauses = notices.flatMap((text) => /again in (\d+) ms/.exec(text)?.[1] ?? [])
    expect(pauses).toEqual(['200', '400', '800', '1600', '3200', '6400', '10000'])
    expect(notices.at(-1)).toBe('ended with exit code 1; given up after 8 deaths in a row')
  })

  it('a long life in between -> earlier deaths are forgotten', () => {
    const { processes, time, notices } = setUp()
    for (let death = 0; death < 20; death++) {
      time.advance(30_000)
      processes.last.end({ code: 1 })
      expect(notices.at(-1)).toBe('ended with exit code 1; starting it again in 200 ms')
      time.advance(200)
    }
  })

  it('a wrong configuration, or no restart wanted -> not started again', () => {
    const wrong = setUp()
    wrong.processes.last.end({ code: 2 })
    wrong.time.advance(60_000)
    expect(wrong.processes.children).toHaveLength(1)
    expect(wrong.over).toEqual([false])

    const once = setUp(false)
    once.processes.last.end({ signal: 'SIGSEGV' })
    once.time.advance(60_000)
    expect(once.processes.children).toHaveLength(1)
    expect(once.notices.at(-1)).toBe('killed by SIGSEGV; not started again')
  })

  it('a child that cannot be started -> told why', () => {
    const { processes, notices } = setUp()
    processes.last.end({ failure: new Error('no memory') })
    expect(notices.at(-1)).toBe('could not be started (no memory); starting it again in 200 ms')
  })

  it('stop -> SIGTERM, clean when it obeys', () => {
    const { processes, over, supervisor, time } = setUp()
    supervisor.stop()
    supervisor.stop()
    expect(processes.last.signals).toEqual(['SIGTERM'])
    expect(over).toEqual([])
    processes.last.end({ code: 0 })
    expect(over).toEqual([true])
    time.advance(60_000)
    expect(processes.children).toHaveLength(1)
    expect(processes.last.signals).toEqual(['SIGTERM'])
  })

  it('stop that the child ignores -> killed, and not called clean', () => {
    const { processes, over, supervisor, time } = setUp()
    supervisor.stop()
    time.advance(3_000)
    expect(processes.last.signals).toEqual(['SIGTERM', 'SIGKILL'])
    processes.last.end({ signal: 'SIGKILL' })
    expect(over).toEqual([false])
  })

  it('stop during the pause before a restart -> over at once', () => {
    const { processes, over, supervisor, time } = setUp()
    processes.last.end({ code: 1 })
    supervisor.stop()
    expect(over).toEqual([true])
    time.advance(60_000)
    expect(processes.children).toHaveLength(1)
  })
})
