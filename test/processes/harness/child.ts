import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

const running = new Set<ChildProcess>()

// When the test process ends in whatever way it can notice, nothing that it started may stay behind.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** One process that a test has started. What it prints goes to a file, so that nobody has to read along for it to go on. */
export class Child {
  readonly ended: Promise<ProcessEnd>
  readonly #process: ChildProcess
  readonly #logFile: string

  /** `logFile` is appended to. */
  constructor(program: string, args: readonly string[], options: { logFile: string; cwd: string }) {
    this.#logFile = options.logFile
    const log = openSync(options.logFile, 'a')
    const child = spawn(program, args, { cwd: options.cwd, stdio: ['ignore', log, log] })
    closeSync(log)
    this.#process = child
    running.add(child)
    this.ended = new Promise((resolve, reject) => {
      child.once('error', (error) => {
        running.delete(child)
        reject(error)
      })
      child.once('exit', (code, signal) => {
        running.delete(child)
        resolve({ code, signal })
      })
    })
    this.ended.catch(() => {})
  }

  get running(): boolean {
    return running.has(this.#process)
  }

  /** 0 when it could not be started. */
  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** Everything printed so far, on both outputs. */
  get log(): string {
    return readFileSync(this.#logFile, 'utf8')
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  /** kill -9, and waits until it is gone. */
  async kill(): Promise<void> {
    if (!this.running) return
    this.#process.kill('SIGKILL')
    await this.ended
  }
}
