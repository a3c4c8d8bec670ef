import { createRequire } from 'node:module'
import { codeOf } from '../runtime/coded-error.ts'
import type { Disk } from '../runtime/disk.ts'
import { silentLog } from '../runtime/log.ts'
import { nodeRuntime } from '../runtime/node-runtime.ts'
import { nodeReadOnlyDisk } from '../runtime/read-only-disk.ts'
import type { Timers } from '../runtime/timers.ts'
import { StorageError } from '../storage/storage-error.ts'
import { type LogToolArguments, readLogToolArguments } from './arguments.ts'
import { Dump } from './dump.ts'
import { PlaceError, placeOf } from './places.ts'
import { Printer, type Write } from './printer.ts'
import { tail } from './tail.ts'
import { verify } from './verify.ts'

/** `zk-log`, from arguments to exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }
  const outcome = await readLogToolArguments(argv, version)
  if (outcome.kind === 'print') {
    const stream = outcome.exitCode === 0 ? process.stdout : process.stderr
    stream.write(`${outcome.text}\n`)
    return outcome.exitCode
  }
  // Who reads our output may leave early, as `head` does: nothing to complain about.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  return runLogTool(outcome.values, {
    disk: nodeReadOnlyDisk,
    timers: nodeRuntime({ log: silentLog }).timers,
    colour: process.stdout.isTTY === true && !process.env['NO_COLOR'],
    out: toStdout,
    err: (text) => process.stderr.write(`${text}\n`),
    goesOn: () => true,
  })
}

export interface LogToolWorld {
  /** It may refuse to be written to. */
  readonly disk: Disk
  readonly timers: Timers
  readonly colour: boolean
  readonly out: Write
  err(text: string): void
  /** Asked by `tail --follow` before each look. */
  goesOn(): boolean
}

/** A running server purges: files that were there a moment ago may be gone. Then all is looked at once more. */
const attemptsMax = 3

/** Does what was asked for. Returns the exit code. */
export async function runLogTool(values: LogToolArguments, world: LogToolWorld): Promise<number> {
  const printer = new Printer({ json: values.json, colour: world.colour, write: world.out })
  for (let attempt = 1; ; attempt++) {
    try {
      const sound = await perform(values, world, printer)
      await printer.flush()
      return sound ? 0 : 1
    } catch (error) {
      await printer.flush()
      if (codeOf(error) === 'ENOENT' && attempt < attemptsMax) continue
      if (error instanceof PlaceError) {
        world.err(`zk-log: ${error.message}`)
        return 2
      }
      if (error instanceof StorageError || codeOf(error) !== undefined) {
        world.err(`zk-log: ${error instanceof Error ? error.message : String(error)}`)
        return 1
      }
      throw error
    }
  }
}

async function perform(values: LogToolArguments, world: LogToolWorld, printer: Printer): Promise<boolean> {
  const { disk, timers, goesOn } = world
  const place = await placeOf(disk, values.path)
  switch (values.command) {
    case 'dump':
      return new Dump(disk, printer, { nodes: values.nodes }).run(place)
    case 'verify':
      return verify(disk, printer, place)
    case 'tail':
      return tail({ disk, timers, printer }, place, { lines: values.lines, follow: values.follow, goesOn })
  }
}

function toStdout(text: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(text, () => resolve())
  })
}
