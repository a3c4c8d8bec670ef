import type { ChildOptions, ProcessEnd, Processes } from '../../src/runtime/processes.ts'
import type { Timer, Timers } from '../../src/runtime/timers.ts'

/** Children that live and die as the test says. */
export class FakeChild {
  readonly options: ChildOptions
  readonly pid: number
  readonly signals: string[] = []

  constructor(options: ChildOptions, pid: number) {
    this.options = options
    this.pid = pid
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.signals.push(signal)
  }

  say(text: string, stream: 'out' | 'err' = 'out'): void {
    this.options.onOutput(Buffer.from(text), stream)
  }

  end(end: Partial<ProcessEnd>): void {
    this.options.onEnd({ code: null, signal: null, ...end })
  }
}

export class FakeProcesses implements Processes {
  readonly pid = 1
  readonly children: FakeChild[] = []

  onStopRequest(): void {}
  onUncaught(): void {}
  exit(code: number): never {
    throw new Error(`exit ${code}`)
  }

  start(options: ChildOptions): FakeChild {
    const child = new FakeChild(options, 100 + this.children.length)
    this.children.push(child)
    return child
  }

  get last(): FakeChild {
    const child = this.children.at(-1)
    if (child === undefined) throw new Error('no child was started')
    return child
  }
}

/** Time that stands still until the test moves it. */
export class ManualTime {
  nowMs = 0
  #pending: { atMs: number; call: () => void }[] = []
  readonly clock = { monotonicMs: () => this.nowMs, wallMs: () => this.nowMs }
  readonly timers: Timers = {
    after: (delayMs, call) => this.#add(delayMs, call),
    every: () => {
      throw new Error('not used here')
    },
    endOfTurn: () => {
      throw new Error('not used here')
    },
  }

  advance(ms: number): void {
    this.nowMs += ms
    const due = this.#pending.filter((entry) => entry.atMs <= this.nowMs)
    this.#pending = this.#pending.filter((entry) => entry.atMs > this.nowMs)
    for (const entry of due) entry.call()
  }

  #add(delayMs: number, call: () => void): Timer {
    const entry = { atMs: this.nowMs + delayMs, call }
    this.#pending.push(entry)
    return {
      cancel: () => {
        this.#pending = this.#pending.filter((other) => other !== entry)
      },
    }
  }
}
