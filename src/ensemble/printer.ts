import { Chalk, type ChalkInstance } from 'chalk'
import type { EnsemblePrinter } from './ensemble.ts'

/** One colour per server, so that its lines are found by eye. */
const serverColours = ['cyan', 'magenta', 'yellow', 'green', 'blue', 'red'] as const

/** Date, time, level: as a server logs in text. */
const loggedError = /^\S+ \S+ ERROR /

export interface PrinterOptions {
  readonly colour: boolean
  /** Leaves the servers' own lines out, except errors. */
  readonly quiet: boolean
  write(text: string): void
}

/** Lines for a terminal or a pipe: what the servers write behind their number, what happens to them, how they stand. */
export function linePrinter({ colour, quiet, write }: PrinterOptions): EnsemblePrinter {
  const chalk = new Chalk({ level: colour ? 1 : 0 })
  const tag = (id: number): string => paintOf(chalk, id)(`${id} │`)
  return {
    serverLine(id, line, stream) {
      if (!quiet || stream === 'err' || loggedError.test(line)) write(`${tag(id)} ${line}\n`)
    },
    notice(id, text) {
      write(`${tag(id)} ${chalk.bold(`server ${id} ${text}`)}\n`)
    },
    status(line) {
      write(`${chalk.inverse(` ${line} `)}\n`)
    },
  }
}

function paintOf(chalk: ChalkInstance, id: number): ChalkInstance {
  return chalk[serverColours[(id - 1) % serverColours.length] ?? 'white']
}
