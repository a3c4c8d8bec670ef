import { type ChildProcess as NodeChild, spawn } from 'node:child_process'
import type { ChildOptions, ChildProcess, ProcessEnd, Processes } from './processes.ts'

export const nodeProcesses: Processes = {
  pid: process.pid,

  onStopRequest(call) {
    process.on('SIGINT', () => call('SIGINT'))
    process.on('SIGTERM', () => call('SIGTERM'))
    // The channel to a parent that started this process by `start` below. It closes even when the parent is killed
    // outright, so no server is left behind that nobody watches.
    process.on('disconnect', () => call('the end of the parent process'))
    // Nobody reads any more what this process says, as when it is piped into `head`.
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      call('the end of its output')
    })
  },

  onUncaught(call) {
    process.on('uncaughtException', call)
    process.on('unhandledRejection', call)
  },

  exit: (code) => process.exit(code),

  start(options) {
    return new StartedProcess(options)
  },
}

class StartedProcess implements ChildProcess {
  readonly #child: NodeChild

  constructor({ script, args, onOutput, onEnd }: ChildOptions) {
    // As this process was started, for the script may need the same loader.
    const child = spawn(process.execPath, [...process.execArgv, script, ...args], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#child = child
    let ended = false
    const endOnce = (end: ProcessEnd) => {
      if (ended) return
      ended = true
      onEnd(end)
    }
    child.stdout?.on('data', (bytes: Buffer) => onOutput(bytes, 'out'))
    child.stderr?.on('data', (bytes: Buffer) => onOutput(bytes, 'err'))
    child.once('error', (failure) => {
      if (child.pid === undefined) endOnce({ code: null, signal: null, failure })
    })
    // `close` rather than `exit`: by then everything it said has been handed over.
    child.once('close', (code, signal) => endOnce({ code, signal }))
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.#child.kill(signal)
  }
}
