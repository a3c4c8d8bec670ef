import { createInterface } from 'node:readline'
import type { Client } from '../client/index.ts'
import type { CommandContext } from './command.ts'
import { sharedContext } from './command-context.ts'
import { describeFailure, ExitCode } from './failure.ts'
import { openSession } from './open-session.ts'
import type { ShellOptions } from './options.ts'
import type { Output } from './output.ts'
import { runCommand } from './run-command.ts'

/** What a shell reports when Ctrl-C ended it, by the custom of shells. */
const interruptedExitCode = 130

/** Carries out the one command that was given as arguments. Ctrl-C ends a watch in an orderly way, and anything else. */
export async function runOneShot(client: Client, output: Output, options: ShellOptions): Promise<number> {
  const stop = new AbortController()
  const context: CommandContext = {
    ...sharedContext(client, options),
    interactive: false,
    stop: stop.signal,
    readStdin,
    readBlock: async (take) => {
      const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })
      for await (const line of lines) {
        if (line.trim() === '') return
        take(line)
      }
    },
    quit() {},
  }
  const interrupt = (): void => {
    stop.abort()
    void client.close()
  }
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  try {
    await runCommand(options.words, context, output, () => openSession(client, options, output))
    return ExitCode.done
  } catch (error) {
    if (stop.signal.aborted) return interruptedExitCode
    const failure = describeFailure(error, options.words[0] ?? null)
    output.error(failure)
    return failure.exitCode
  } finally {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
  }
}

async function readStdin(): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
