import chalk from 'chalk'
import yargs from 'yargs'
import { hideBin } from 'yargs/helpers'
import { buildFault } from '../processes/harness/build.ts'
import { type FuzzFigures, fuzz, type PortName, ports, residentMiBMax } from './fuzzer.ts'

const options = await yargs(hideBin(process.argv))
  .scriptName('npm run fuzz --')
  .usage(
    'Sends random, mutated and protocol-aware frames to the ports of real servers, beside honest clients.',
  )
  .options({
    port: {
      choices: ['all', ...ports] as const,
      default: 'all' as const,
      describe: 'which port, of every server',
    },
    frames: { type: 'number', default: 100_000, describe: 'how many frames, at each port' },
    seed: { type: 'string', default: '1', describe: 'draws the frames: the same for the same seed' },
    json: { type: 'boolean', default: false, describe: 'the figures as one JSON object a port' },
  })
  .example('npm run fuzz -- --port leader --frames 1000000', 'a million frames at the leader ports')
  .check(({ frames }) => {
    if (Number.isInteger(frames) && frames >= 1) return true
    throw new Error(`--frames: found ${frames}, expected a whole number from 1`)
  })
  .strict()
  .fail((message, error) => {
    console.error(`fuzz: ${message || error.message} (--help shows the options)`)
    process.exit(2)
  })
  .parse()

const fault = buildFault()
if (fault !== null) {
  console.error(`fuzz: ${fault}`)
  process.exit(1)
}

const progressEveryMs = 10_000
let failed = false
for (const port of options.port === 'all' ? ports : [options.port as PortName]) {
  const figures = await fuzz({
    port,
    frames: options.frames,
    seed: options.seed,
    onProgress: progressOf(port),
  })
  if (options.json) console.log(JSON.stringify(figures))
  else tell(figures)
  failed ||= figures.problems.length > 0
}
process.exit(failed ? 1 : 0)

function progressOf(port: string): (frames: number) => void {
  let nextMs = performance.now() + progressEveryMs
  return (frames) => {
    if (options.json || performance.now() < nextMs) return
    nextMs = performance.now() + progressEveryMs
    console.log(`${port} port: ${frames.toLocaleString('en')} frames`)
  }
}

function tell(figures: FuzzFigures): void {
  const { frames, honest, problems } = figures
  const sum = frames.random + frames.mutated + frames['protocol-aware']
  const count = (number: number): string => number.toLocaleString('en')
  console.log(
    `${figures.port} port: ${count(sum)} frames in ${figures.seconds} s: ${count(frames.random)} random, ${count(frames.mutated)} mutated, ` +
      `${count(frames['protocol-aware'])} protocol-aware; ${count(figures.connections)} connections, ${count(figures.closedByServer)} closed by a server\n` +
      `  memory of a server: ${figures.residentMiBBefore} MiB before, ${figures.residentMiBPeak} MiB at most (bound ${residentMiBMax})\n` +
      `  honest clients: ${count(honest.operations)} operations, p50 ${honest.p50Ms} ms, p99 ${honest.p99Ms} ms, longest ${honest.maxMs} ms`,
  )
  if (problems.length === 0) console.log(`  ${chalk.green('no problem')}`)
  for (const problem of problems) console.log(`  ${chalk.red('problem')}: ${problem}`)
}
