import type { Log, LogFields } from '../runtime/log.ts'
import type { SimProcess } from './sim-process.ts'

/** What a program logs becomes part of the trace. */
export class SimLog implements Log {
  readonly #process: SimProcess
  readonly #part: string

  constructor(process: SimProcess, part = '') {
    this.#process = process
    this.#part = part
  }

  debug(message: string, fields?: LogFields): void {
    this.#say('debug', message, fields)
  }

  info(message: string, fields?: LogFields): void {
    this.#say('info', message, fields)
  }

  warn(message: string, fields?: LogFields): void {
    this.#say('warn', message, fields)
  }

  error(message: string, fields?: LogFields): void {
    this.#say('error', message, fields)
  }

  child(part: string): Log {
    return new SimLog(this.#process, part)
  }

  #say(level: string, message: string, fields: LogFields | undefined): void {
    if (!this.#process.alive) return
    let text = this.#part === '' ? message : `${this.#part}: ${message}`
    if (fields !== undefined) {
      for (const name of Object.keys(fields)) text += ` ${name}=${String(fields[name])}`
    }
    this.#process.host.note(level, text)
  }
}
