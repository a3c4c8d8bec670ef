import pino from 'pino'
import { PinoPretty } from 'pino-pretty'
import type { Log, LogFields } from './log.ts'

export interface NodeLogOptions {
  /** `text`: a line for people, in colour on a terminal. `json`: one object per line. */
  format?: 'text' | 'json'
  level?: 'debug' | 'info' | 'warn' | 'error'
  colour?: boolean
}

/** Writes at once to standard output, so that nothing is lost when the process ends. */
export function nodeLog(options: NodeLogOptions = {}): Log {
  const { format = 'text', level = 'info', colour = process.stdout.isTTY === true } = options
  const stream =
    format === 'json'
      ? pino.destination({ dest: 1, sync: true })
      : PinoPretty({
          colorize: colour,
          translateTime: 'SYS:HH:MM:ss.l',
          ignore: 'pid,hostname,part',
          messageFormat: '{if part}{part}: {end}{msg}',
          singleLine: true,
          sync: true,
        })
  return wrap(pino({ level, base: null }, stream))
}

function wrap(logger: pino.Logger): Log {
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields?: LogFields): void => {
      if (fields === undefined) logger[level](message)
      else logger[level](fields, message)
    }
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (part) => wrap(logger.child({ part })),
  }
}
