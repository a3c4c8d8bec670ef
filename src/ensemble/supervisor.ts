import type { ChildProcess, ProcessEnd, Processes } from '../runtime/processes.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Timer } from '../runtime/timers.ts'
import { LineSplitter } from './line-splitter.ts'

export interface SupervisorOptions {
  readonly runtime: Pick<Runtime, 'clock' | 'timers'>
  readonly processes: Processes
  readonly script: string
  readonly args: readonly string[]
  readonly restart: boolean
  /** A line that the child wrote, to standard output or standard error. */
  onLine(line: string, stream: 'out' | 'err'): void
  /** Something to tell: started, ended, restarted, given up. */
  onNotice(text: string): void
  /** The child will not run again. `clean` when it ended as it was asked to. Called once. */
  onOver(clean: boolean): void
}

const firstPauseMs = 200
const pauseMsMax = 10_000
/** A child that ran this long had started well: it is brought back quickly, and its earlier deaths are forgotten. */
const settledMs = 30_000
/** Deaths in a row without settling in between. */
const deathsMax = 8
/** Exit code of a server whose configuration is wrong: trying again cannot help. */
const configExitCode = 2
/** After a polite request; a server bounds its own stop to a second. */
const killAfterMs = 3_000

/** Keeps one child process running: starts it, brings it back when it dies, stops it when told to. */
export class Supervisor {
  readonly #options: SupervisorOptions
  #child: ChildProcess | null = null
  #startedAtMs = 0
  #deaths = 0
  #pause: Timer | null = null
  #killTimer: Timer | null = null
  #stopping = false
  #killed = false
  #over = false

  constructor(options: SupervisorOptions) {
    this.#options = options
  }

  /** Of the running child; 0 when there is none. */
  get pid(): number {
    return this.#child?.pid ?? 0
  }

  start(): void {
    const { runtime, processes, script, args, onLine, onNotice } = this.#options
    const out = new LineSplitter((line) => onLine(line, 'out'))
    const err = new LineSplitter((line) => onLine(line, 'err'))
    this.#startedAtMs = runtime.clock.monotonicMs()
    this.#child = processes.start({
      script,
      args,
      onOutput: (bytes, stream) => (stream === 'out' ? out : err).push(bytes),
      onEnd: (end) => {
        out.end()
        err.end()
        this.#onEnd(end)
      },
    })
    if (this.#child.pid !== 0) onNotice(`started, pid ${this.#child.pid}`)
  }

  /** Asks the child to end; `onOver` follows. */
  stop(): void {
    if (this.#stopping) return
    this.#stopping = true
    this.#pause?.cancel()
    if (this.#child === null) {
      this.#finish(true)
      return
    }
    this.#child.kill('SIGTERM')
    this.#killTimer = this.#options.runtime.timers.after(killAfterMs, () => {
      this.#options.onNotice(`did not stop within ${killAfterMs} ms: killed`)
      this.#killed = true
      this.#child?.kill('SIGKILL')
    })
  }

  #onEnd(end: ProcessEnd): void {
    this.#child = null
    this.#killTimer?.cancel()
    if (this.#stopping) {
      this.#finish(!this.#killed && (end.code === 0 || end.signal === 'SIGTERM'))
      return
    }
    const { runtime, onNotice, restart } = this.#options
    const how = endText(end)
    const ranMs = runtime.clock.monotonicMs() - this.#startedAtMs
    this.#deaths = ranMs >= settledMs ? 1 : this.#deaths + 1
    if (!restart || end.code === configExitCode) {
      onNotice(`${how}; not started again`)
      this.#finish(false)
    } else if (this.#deaths >= deathsMax) {
      onNotice(`${how}; given up after ${this.#deaths} deaths in a row`)
      this.#finish(false)
    } else {
      const pauseMs = Math.min(pauseMsMax, firstPauseMs * 2 ** (this.#deaths - 1))
      onNotice(`${how}; starting it again in ${pauseMs} ms`)
      this.#pause = runtime.timers.after(pauseMs, () => this.start())
    }
  }

  #finish(clean: boolean): void {
    if (this.#over) return
    this.#over = true
    this.#options.onOver(clean)
  }
}

function endText(end: ProcessEnd): string {
  if (end.failure !== undefined) return `could not be started (${end.failure.message})`
  return end.signal === null ? `ended with exit code ${end.code}` : `killed by ${end.signal}`
}
