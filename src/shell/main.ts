import { createRequire } from 'node:module'
import { Client } from '../client/index.ts'
import { silentLog } from '../runtime/log.ts'
import { nodeRuntime } from '../runtime/node-runtime.ts'
import { describeFailure } from './failure.ts'
import { runInteractive } from './interactive.ts'
import { runOneShot } from './one-shot.ts'
import type { ShellOptions } from './options.ts'
import { readOptions } from './options.ts'
import { Output } from './output.ts'
import { runScript } from './script.ts'

/**
 * The shell, from arguments to exit code.
 *
 * @param argv the arguments behind the program's name
 */
export async function main(argv: readonly string[]): Promise<number> {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }
  const outcome = await readOptions(argv, version)
  if (outcome.kind === 'print') {
    const stream = outcome.exitCode === 0 ? process.stdout : process.stderr
    stream.write(`${outcome.text}\n`)
    return outcome.exitCode
  }
  // Who reads our output may leave early, as `head` does: nothing to complain about.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1)
  })
  return run(outcome.options)
}

async function run(options: ShellOptions): Promise<number> {
  const runtime = nodeRuntime({ log: silentLog })
  const client = new Client({
    servers: options.servers,
    suspendedTimeoutMs: options.timeoutMs,
    runtime,
  })
  const output = new Output({
    json: options.json,
    out: process.stdout,
    err: process.stderr,
    errColour: wantsColour(process.stderr),
  })
  try {
    if (options.words.length > 0) return await runOneShot(client, output, options)
    if (!process.stdin.isTTY || !process.stdout.isTTY) return await runScript(client, output, options)
    return await runInteractive(client, runtime, options, wantsColour(process.stdout))
  } catch (error) {
    const failure = describeFailure(error, null)
    output.error(failure)
    return failure.exitCode
  } finally {
    await client.close()
  }
}

/** https://no-color.org */
function wantsColour(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR, TERM } = process.env
  return stream.isTTY && (NO_COLOR === undefined || NO_COLOR === '') && TERM !== 'dumb'
}
