import { createInterface } from 'node:readline'
import type { Client } from '../client/index.ts'
import type { CommandContext } from './command.ts'
import { UsageError } from './command.ts'
import { sharedContext } from './command-context.ts'
import { describeFailure, ExitCode } from './failure.ts'
import { wordsOf } from './line-words.ts'
import { openSession } from './open-session.ts'
import type { ShellOptions } from './options.ts'
import type { Output } from './output.ts'
import { runCommand } from './run-command.ts'

/**
 * Carries out the commands on standard input, one a line, in one session. The first failure ends it, unless told to keep
 * going; the exit code is that of the first failure.
 */
export async function runScript(client: Client, output: Output, options: ShellOptions): Promise<number> {
  let ended = false
  let exitCode: number = ExitCode.done
  const stop = new AbortController()
  const context: CommandContext = {
    ...sharedContext(client, options),
    interactive: false,
    stop: stop.signal,
    readStdin: () => {
      throw new UsageError('"-" stands for standard input, which the commands come from here')
    },
    readBlock: async (take) => {
      for (;;) {
        const line = await nextBlockLine()
        if (line === null) return
        try {
          take(line)
        } catch (error) {
          lineNumber = linesRead
          // Otherwise the script ends here anyway, and whoever writes it need not go on first.
          if (options.keepGoing) while ((await nextBlockLine()) !== null);
          throw error
        }
      }
    },
    quit: () => {
      ended = true
    },
  }
  const interrupt = (): void => {
    ended = true
    stop.abort()
    void client.close()
  }
  process.once('SIGINT', interrupt)
  const connect = async (): Promise<void> => {
    if (client.state === 'idle') await openSession(client, options, output)
  }
  const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })
  const iterator = lines[Symbol.asyncIterator]()
  let linesRead = 0
  /** Where the present command stands, or the line of its block that is wrong. */
  let lineNumber = 0
  const nextLine = async (): Promise<string | null> => {
    const next = await iterator.next()
    if (next.done === true) return null
    linesRead++
    return next.value
  }
  const nextBlockLine = async (): Promise<string | null> => {
    const line = await nextLine()
    return line === null || line.trim() === '' ? null : line
  }
  while (!ended) {
    const line = await nextLine()
    if (line === null) break
    lineNumber = linesRead
    try {
      const words = wordsOf(line)
      if (words.length > 0) await runCommand(words, context, output, connect)
    } catch (error) {
      const failure = describeFailure(error, line.trim().split(/\s/, 1)[0] ?? null)
      output.error({ ...failure, message: `line ${lineNumber}: ${failure.message}` })
      if (exitCode === ExitCode.done) exitCode = failure.exitCode
      if (!options.keepGoing || failure.exitCode === ExitCode.unreachable) ended = true
    }
  }
  lines.close()
  process.off('SIGINT', interrupt)
  return exitCode
}
