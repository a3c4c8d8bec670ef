import { performance } from 'node:perf_hooks'
import chalk from 'chalk'
import yargs from 'yargs'
import { hideBin } from 'yargs/helpers'
import { boundNames, boundsOf } from './bounds.ts'
import { allReductions, Explorer, noReductions } from './explorer.ts'
import { foundedEnsemble } from './model/calm.ts'
import { type Mutation, mutationNames, mutations } from './model/mutation.ts'
import { World } from './model/world.ts'
import { leftsMax } from './nodes.ts'
import { boundsInWords, figuresInWords, figuresOf, grouped, progressLine, timeline } from './report.ts'
import { shortest } from './shrink.ts'

const statesBetweenLooks = 1000
const progressEveryMs = 5000

/** Text at first, so that what is no number can be told as it was given. */
const number = { type: 'string', requiresArg: true } as const

const options = await yargs(hideBin(process.argv))
  .scriptName('npm run explore --')
  .usage(
    '$0\n\nWalks every interleaving of a small ensemble over the real machines of the replication, within bounds, and checks the\n' +
      'invariants in every state. Exit code 1 when one is broken, with the timeline; 2 for wrong arguments.',
  )
  .options({
    servers: { ...number, default: '3', describe: 'how many servers, 2 to 5' },
    start: {
      choices: ['founded', 'empty'] as const,
      default: 'founded',
      describe: 'server 1 leads a founded ensemble with one transaction, or all disks are empty',
    },
    stands: { ...number, default: '1', describe: 'how often any server may stand for leader' },
    proposals: { ...number, default: '1', describe: 'how many transactions are proposed' },
    crashes: { ...number, default: '1', describe: 'how many processes crash, at any point of their writes' },
    wipes: { ...number, default: '0', describe: 'how many disks are lost, one at a time' },
    cuts: { ...number, default: '0', describe: 'how many links break, or leaders step down' },
    fulls: { ...number, default: '0', describe: 'how many histories are sent in full for a difference' },
    syncs: { ...number, default: '0', describe: 'how many syncs are asked for' },
    crowns: { ...number, default: '0', describe: 'how often a follower with a higher id asks for the crown' },
    'states-max': { ...number, default: '100000000', describe: 'stop behind so many states' },
    minutes: { ...number, default: '10', describe: 'stop after so long' },
    mutate: { choices: mutationNames, describe: 'do one thing wrong, to see that it is found' },
    plain: { type: 'boolean', default: false, describe: 'branch at every step, without reductions' },
    json: { type: 'boolean', default: false, describe: 'print the result as JSON' },
  })
  .check((given) => {
    for (const name of ['servers', ...boundNames, 'states-max'] as const) {
      if (!/^\d{1,12}$/.test(given[name])) {
        throw new Error(`--${name} ${given[name]}: expected a whole number from 0 on`)
      }
    }
    if (Number(given.servers) < 2 || Number(given.servers) > 5) {
      throw new Error(`--servers ${given.servers}: expected 2 to 5`)
    }
    if (!(Number(given.minutes) > 0)) throw new Error(`--minutes ${given.minutes}: expected a number above 0`)
    const lefts = boundNames.reduce((product, name) => product * (Number(given[name]) + 1), 1)
    if (lefts > leftsMax) {
      throw new Error(
        `the bounds have ${lefts} combinations: expected ${leftsMax} at most; lower some of them`,
      )
    }
    return true
  })
  .example('$0 --stands 1 --proposals 1 --crashes 1', 'a small space, walked to its end')
  .example('$0 --proposals 2 --crashes 2 --wipes 1 --cuts 1 --minutes 30', 'as far as half an hour takes it')
  .example('$0 --mutate "ack before durable"', 'shows the timeline by which a transaction is lost')
  .strict()
  .fail((message, error) => {
    console.error(message ?? error.message)
    console.error('\nHelp: npm run explore -- --help')
    process.exit(2)
  })
  .parse()

const { plain } = options
const servers = Number(options.servers)
const statesMax = Number(options.statesMax)
const minutes = Number(options.minutes)
const bounds = boundsOf((name) => Number(options[name]))
const mutation: Mutation | null = options.mutate ?? null
const world = (options.start === 'founded' ? foundedEnsemble(servers) : new World(servers)).copy(mutation)
const tell = options.json ? (): void => {} : console.log

tell(`${servers} servers, start ${options.start}, ${boundsInWords(bounds)}${plain ? ', no reductions' : ''}`)
if (mutation !== null) tell(`planted: ${mutation} (${mutations[mutation]})`)

const startedMs = performance.now()
const elapsedMs = (): number => performance.now() - startedMs
const reductions = plain ? noReductions : allReductions
const explorer = new Explorer({ start: world, bounds, reductions })
const interactive = process.stdout.isTTY && !options.json
let toldMs = 0
let stop: string | null = null
while (!explorer.exhausted && explorer.found === null && stop === null) {
  explorer.run(statesBetweenLooks)
  if (explorer.states >= statesMax) stop = `stopped behind ${grouped(statesMax)} states`
  else if (elapsedMs() > minutes * 60_000) stop = `stopped after ${minutes} minutes`
  if (elapsedMs() - toldMs < progressEveryMs) continue
  toldMs = elapsedMs()
  const line = progressLine(explorer, toldMs / 1000)
  if (interactive) process.stdout.write(`\r\x1b[K${line}`)
  else tell(line)
}
if (interactive) process.stdout.write('\r\x1b[K')

const figures = figuresOf(explorer, elapsedMs() / 1000)
const { found } = explorer
const start = { world, bounds, eager: !plain }
const shown = found === null ? null : shortest(start, found)
if (options.json) {
  const violation = shown === null ? null : { message: shown.violation?.message, timeline: shown.lines }
  console.log(
    JSON.stringify({
      servers,
      start: options.start,
      bounds,
      mutation,
      plain,
      ...figures,
      violation,
    }),
  )
} else {
  tell(figuresInWords(figures))
  if (shown !== null) tell(`\n${timeline(shown)}`)
  else if (stop === null) tell(chalk.green('every interleaving within these bounds: no violation'))
  else tell(`${stop}, not at the end: no violation so far`)
}
process.exitCode = shown === null ? 0 : 1
