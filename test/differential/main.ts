import { writeFile } from 'node:fs/promises'
import yargs from 'yargs'
import { hideBin } from 'yargs/helpers'
import { Arena } from './arena.ts'
import type { Difference } from './compare.ts'
import { generate } from './generate/generate.ts'
import { expectedOfBanyan, noDifference } from './listed.ts'
import type { Program } from './program.ts'
import { report } from './report.ts'
import { banyan } from './servers/banyan.ts'
import type { Kind } from './servers/running-servers.ts'
import { zookeeper } from './servers/zookeeper.ts'
import { shrink } from './shrink.ts'

const kinds: Readonly<Record<string, Kind>> = { zookeeper, banyan }

const options = await yargs(hideBin(process.argv))
  .scriptName('npm run differential --')
  .usage('Runs random programs on Apache ZooKeeper and on Banyan, and compares all that a client can see.')
  .options({
    programs: { type: 'number', default: 200, describe: 'how many programs' },
    requests: { type: 'number', default: 200, describe: 'how many requests in each, at least' },
    servers: {
      type: 'number',
      choices: [1, 3] as const,
      default: 1,
      describe: 'how many servers on each side',
    },
    seed: { type: 'string', default: '1', describe: 'where the programs come from' },
    from: { type: 'number', default: 0, describe: 'the number of the first program' },
    against: { choices: Object.keys(kinds), default: 'banyan', describe: 'what to compare with ZooKeeper' },
    failures: { type: 'number', default: 1, describe: 'stop after so many programs that differ' },
    shrink: { type: 'boolean', default: true, describe: 'look for the smallest program that differs' },
    keep: { type: 'string', describe: 'a file for the programs that differ, as JSON' },
  })
  .strict()
  .parse()

const shrinkAttemptsMax = 400
const startedMs = performance.now()
let failures = 0
let tried = 0
let requests = 0
const met = new Map<string, number>()
const kept: Program[] = []

const against = kinds[options.against] ?? banyan
const expected = against === banyan ? expectedOfBanyan : noDifference
const arena = new Arena([zookeeper, against], options.servers, expected)
try {
  for (let i = options.from; i < options.from + options.programs && failures < options.failures; i++) {
    await tryProgram(i)
    const done = i - options.from + 1
    if (done % 50 === 0) progress(done)
  }
} catch (error) {
  failures++
  console.error(`program ${options.seed}/${tried}:`, error)
} finally {
  await arena.stop()
}
if (arena.restarts > 0) console.log(`ZooKeeper fell silent and was started anew ${arena.restarts} times`)
if (options.keep !== undefined) await writeFile(options.keep, JSON.stringify(kept))
for (const [name, count] of [...met].sort()) console.log(`listed difference, ${count} times: ${name}`)
console.log(failures === 0 ? 'no other difference' : `${failures} programs differ`)
process.exitCode = failures === 0 ? 0 : 1

async function tryProgram(number: number): Promise<void> {
  tried = number
  const seed = `${options.seed}/${number}`
  const program = generate(seed, options.requests)
  requests += options.requests
  const { difference, met: metNow } = await arena.compare(program)
  for (const [name, count] of metNow) met.set(name, (met.get(name) ?? 0) + count)
  if (difference === null) return
  failures++
  console.log(`\nprogram ${seed} differs (${difference.where}, step ${difference.step}). To repeat:`)
  console.log(
    `npm run differential -- --seed ${options.seed} --from ${number} --programs 1 --requests ${options.requests} --servers ${options.servers}`,
  )
  const [smallest, shown] = options.shrink ? await smaller(program, difference) : [program, difference]
  kept.push(smallest)
  console.log(report(smallest, shown))
}

async function smaller(program: Program, first: Difference): Promise<[Program, Difference]> {
  let shown = first
  const upTo = first.step === null ? program : { steps: program.steps.slice(0, first.step + 1) }
  const smallest = await shrink(
    upTo,
    async (candidate) => {
      const { difference } = await arena.compare(candidate)
      if (difference === null || (difference.step === null) !== (first.step === null)) return false
      shown = difference
      return true
    },
    shrinkAttemptsMax,
  )
  return [smallest, shown]
}

function progress(done: number): void {
  const seconds = (performance.now() - startedMs) / 1_000
  console.log(`${done} programs, ${requests} requests, ${seconds.toFixed(0)} s, ${failures} differ`)
}
