import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Violation } from '../../src/sim/checkers/violation.ts'
import { mutantFolder, plant, root } from './mutant.ts'
import type { Mutation } from './mutation.ts'

/** What became of the search for one planted bug. */
export interface Hunt {
  readonly mutation: string
  /** The first seed that shows the bug; null when none did. */
  readonly seed: number | null
  /** How many seeds were run. */
  readonly seeds: number
  /** What the checker said; null when none did. */
  readonly rule: string | null
  readonly problem: string | null
  readonly seconds: number
  /** Seeds that violate something without the planted bug as well; they count for nothing. */
  readonly unplanted: readonly number[]
}

export interface HuntOptions {
  readonly firstSeed: number
  readonly seedsMax: number
  /** Is told of each seed that shows nothing. */
  readonly onSeed?: (seed: number) => void
}

/** A run that takes longer than this, in real time, goes round in a circle: the machine is never that slow. */
const runMsMax = 300_000

const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/**
 * Plants one bug in a copy of the sources and runs the simulator over it, seed after seed, until it finds something. What
 * the sources as they are show under the same seed is not the planted bug but one that nobody has planted.
 */
export async function hunt(mutation: Mutation, options: HuntOptions): Promise<Hunt> {
  const { folder, remove } = mutantFolder()
  const startedMs = performance.now()
  const unplanted: number[] = []
  let seeds = 0
  let found: Found | null = null
  try {
    const source = plant(folder, [mutation])
    while (found === null && seeds < options.seedsMax) {
      const left = { ...options, firstSeed: options.firstSeed + seeds, seedsMax: options.seedsMax - seeds }
      const outcome = await firstViolation(source, left).catch((error: Error) => {
        throw new Error(`mutation ${mutation.name}: ${error.message}`)
      })
      seeds += outcome.seeds
      if (outcome.found === null) break
      if (await isSound(outcome.found.seed)) found = outcome.found
      else unplanted.push(outcome.found.seed)
    }
  } finally {
    remove()
  }
  return {
    mutation: mutation.name,
    seed: found?.seed ?? null,
    seeds,
    rule: found?.rule ?? null,
    problem: found?.problem ?? null,
    seconds: Math.round((performance.now() - startedMs) / 100) / 10,
    unplanted,
  }
}

async function isSound(seed: number): Promise<boolean> {
  const { found } = await firstViolation(join(root, 'src'), { firstSeed: seed, seedsMax: 1 })
  return found === null
}

interface Found extends Violation {
  seed: number
}

/** Runs the simulator in a process of its own, for a planted bug may as well be an endless loop. */
function firstViolation(
  source: string,
  { firstSeed, seedsMax, onSeed }: HuntOptions,
): Promise<{ seeds: number; found: Found | null }> {
  const range = `${firstSeed}..${firstSeed + seedsMax - 1}`
  // Not the program tsx: it runs a process of its own, which would go on through all seeds when this one is killed.
  const args = ['--import', 'tsx', join(source, 'sim/main.ts'), '--stream', '--lines', '1', '--seeds', range]
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  children.add(child)
  return new Promise((resolve, reject) => {
    let seeds = 0
    let errors = ''
    /** What ended the search before its last seed. */
    let shown: Found | null = null
    const end = (found: Found): void => {
      shown = found
      child.kill('SIGKILL')
    }
    const patience = setTimeout(() => {
      seeds++
      const problem = `the run did not end within ${runMsMax / 1000} s`
      end({ seed: firstSeed + seeds - 1, rule: 'an endless run', problem })
    }, runMsMax)
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (shown !== null) return
      const { seed, violations } = JSON.parse(line) as { seed: number; violations: Violation[] }
      seeds++
      patience.refresh()
      const [first] = violations
      if (first !== undefined) end({ seed, ...first })
      else onSeed?.(seed)
    })
    child.stderr.on('data', (bytes) => {
      errors += String(bytes)
    })
    child.once('error', reject)
    child.once('close', (code, signal) => {
      children.delete(child)
      clearTimeout(patience)
      if (shown !== null || code === 0) return resolve({ seeds, found: shown })
      const how = signal ?? `exit code ${code}`
      reject(new Error(`the simulator ended with ${how} behind seed ${firstSeed + seeds - 1}\n${errors}`))
    })
  })
}
