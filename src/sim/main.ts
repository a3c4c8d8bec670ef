import { nodeClock } from '../runtime/node-clock.ts'
import { nodeProcesses } from '../runtime/node-processes.ts'
import { readSimArguments } from './run/arguments.ts'
import { runSimProgram } from './run/program.ts'

const outcome = await readSimArguments(process.argv.slice(2))
if (outcome.kind === 'print') {
  const stream = outcome.exitCode === 0 ? process.stdout : process.stderr
  stream.write(`${outcome.text}\n`)
  process.exitCode = outcome.exitCode
} else {
  process.exitCode = await runSimProgram(outcome.values, {
    clock: nodeClock,
    processes: nodeProcesses,
    script: process.argv[1] ?? '',
    terminal: process.stdout.isTTY,
    write: (text) => process.stdout.write(text),
  })
}
