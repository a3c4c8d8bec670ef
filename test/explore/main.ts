import { performance } from 'node:perf_hooks'
import chalk from 'chalk'
import { readExploreArguments } from './arguments.ts'
import { allReductions, Explorer, noReductions } from './explorer.ts'
import { foundedEnsemble } from './model/calm.ts'
import { mutations } from './model/mutation.ts'
import { World } from './model/world.ts'
import { boundsInWords, figuresInWords, figuresOf, grouped, progressLine, timeline } from './report.ts'
import { shortest } from './shrink.ts'

const statesBetweenLooks = 1000
const progressEveryMs = 5000

const outcome = await readExploreArguments(process.argv.slice(2))
if (outcome.kind === 'print') {
  ;(outcome.exitCode === 0 ? console.log : console.error)(outcome.text)
  process.exit(outcome.exitCode)
}
const { servers, start: begins, bounds, statesMax, minutes, mutation, plain, json } = outcome.values
const world = (begins === 'founded' ? foundedEnsemble(servers) : new World(servers)).copy(mutation)
const tell = json ? (): void => {} : console.log

tell(`${servers} servers, start ${begins}, ${boundsInWords(bounds)}${plain ? ', no reductions' : ''}`)
if (mutation !== null) tell(`planted: ${mutation} (${mutations[mutation]})`)

const startedMs = performance.now()
const elapsedMs = (): number => performance.now() - startedMs
const reductions = plain ? noReductions : allReductions
const explorer = new Explorer({ start: world, bounds, reductions })
const interactive = process.stdout.isTTY && !json
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
if (json) {
  const violation = shown === null ? null : { message: shown.violation?.message, timeline: shown.lines }
  console.log(
    JSON.stringify({
      servers,
      start: begins,
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
