import { createRequire } from 'node:module'
import { nodeEnvironment } from '../runtime/node-environment.ts'
import { collectGarbageLessOften } from '../runtime/node-heap.ts'
import { nodeLog } from '../runtime/node-log.ts'
import { nodeProcesses } from '../runtime/node-processes.ts'
import { nodeRuntime } from '../runtime/node-runtime.ts'
import { readArguments } from './arguments.ts'
import { runServer } from './run-server.ts'

/** `zkserver`: one server until it is told to stop. Returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }
  const outcome = await readArguments(argv, version)
  if (outcome.kind === 'print') {
    const stream = outcome.exitCode === 0 ? process.stdout : process.stderr
    stream.write(`${outcome.text}\n`)
    return outcome.exitCode
  }
  collectGarbageLessOften()
  const { values } = outcome
  const runtime = nodeRuntime({ log: nodeLog({ format: values.logFormat }) })
  return runServer(values, {
    runtime,
    processes: nodeProcesses,
    makeServer: async (config, onFatal) => {
      const { Server } = await import('./server.ts')
      return new Server(runtime, config, { onFatal, environment: nodeEnvironment })
    },
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
  })
}
