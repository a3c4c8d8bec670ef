import { writeSync } from 'node:fs'
import { isatty } from 'node:tty'
import { type Logger, pino } from 'pino'
import { codeOf } from './coded-error.ts'
import type { Log, LogFields } from './log.ts'
import { humanLine } from './log-lines.ts'

export interface NodeLogOptions {
  /** What is said at all. Default 'info'. */
  level?: 'debug' | 'info' | 'warn' | 'error'
  /** 'text': a line for people (the default). 'json': one object a line, for machines. */
  format?: 'text' | 'json'
  /** Default: only when `fd` is a terminal and NO_COLOR is not set. */
  colour?: boolean
  /** Where it goes: 1 (standard output, the default), 2 (standard error), or any open descriptor. */
  fd?: number
  /** Takes the finished text instead of `fd`. */
  write?: (text: string) => void
}

/**
 * The log of a program. Each line has left the process when the call returns, so nothing is lost at an exit or a crash.
 * It lives in a file of its own, apart from nodeRuntime: loading pino takes about 25 ms, which a shell need not pay.
 */
export function nodeLog(options: NodeLogOptions = {}): Log {
  const fd = options.fd ?? 1
  const write = options.write ?? ((text: string) => writeWhole(fd, text))
  const colour =
    options.colour ?? (options.write === undefined && isatty(fd) && process.env['NO_COLOR'] === undefined)
  const stream =
    options.format === 'json' ? { write } : { write: (json: string) => write(humanLine(json, colour)) }
  return new PinoLog(pino({ level: options.level ?? 'info', base: null }, stream))
}

class PinoLog implements Log {
  readonly #pino: Logger

  constructor(logger: Logger) {
    this.#pino = logger
  }

  debug(message: string, fields?: LogFields): void {
    this.#pino.debug(fields ?? {}, message)
  }

  info(message: string, fields?: LogFields): void {
    this.#pino.info(fields ?? {}, message)
  }

  warn(message: string, fields?: LogFields): void {
    this.#pino.warn(fields ?? {}, message)
  }

  error(message: string, fields?: LogFields): void {
    this.#pino.error(fields ?? {}, message)
  }

  child(part: string): Log {
    return new PinoLog(this.#pino.child({ part }))
  }
}

/** A reader that has stalled may hold us up this long per line; then the line is given up. A log must not stop a server. */
const stallMsMax = 50
const sleepCell = new Int32Array(new SharedArrayBuffer(4))

function writeWhole(fd: number, text: string): void {
  let rest = Buffer.from(text)
  for (let stalledMs = 0; rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(fd, rest))
    } catch (error) {
      // A full pipe that somebody made non-blocking. Anything else (the reader has gone, the disk is full) cannot be told to
      // anybody: this is where it would be told.
      if (codeOf(error) !== 'EAGAIN' || stalledMs >= stallMsMax) return
      Atomics.wait(sleepCell, 0, 0, 1)
      stalledMs++
    }
  }
}
