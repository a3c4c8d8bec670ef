import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { atDepth } from '../depth.ts'
import { readMutationArguments } from './arguments.ts'
import { hunt } from './hunt.ts'
import { root } from './mutant.ts'
import type { Mutation } from './mutation.ts'
import { mutations } from './mutations.ts'

/** Found by the first few seeds; which one changes with whatever the simulator draws. */
const quick = ['log-not-synced', 'retried-write-done-again', 'stale-history-wins'].slice(0, atDepth(2, 3))
const seedsMax = 40
const huntTimeoutMs = 280_000

/** Processes that run the simulator over a copy of these sources, where the system tells. */
function hunters(): string[] {
  if (!existsSync('/proc')) return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
      } catch {
        return ''
      }
    })
    .filter((line) => line.includes(join(root, 'data/mutants-')))
}

describe('mutations: the hunt', () => {
  test.each(quick)(
    '%s -> found within a few seeds, and not without it',
    async (name) => {
      const mutation = mutations.find((known) => known.name === name)
      if (mutation === undefined) throw new Error(`no mutation ${name}`)
      const found = await hunt(mutation, { firstSeed: 1, seedsMax })
      expect(found).toMatchObject({ mutation: name, seed: expect.any(Number), unplanted: [] })
      expect([found.rule, found.problem]).toEqual([expect.stringMatching(/./), expect.stringMatching(/./)])
      // Thousands of seeds are left, and nobody waits for them.
      expect(hunters()).toEqual([])
    },
    huntTimeoutMs,
  )

  test(
    'a change that breaks nothing -> survives',
    async () => {
      const harmless: Mutation = {
        name: 'harmless',
        breaks: 'nothing',
        noticedBy: ['nobody'],
        edits: [{ file: 'replication/quorum.ts', find: 'members / 2', replace: '(members + 0) / 2' }],
      }
      const outcome = await hunt(harmless, { firstSeed: 1, seedsMax: 1 })
      expect(outcome).toMatchObject({ seed: null, seeds: 1, rule: null, unplanted: [] })
    },
    huntTimeoutMs,
  )
})

describe('mutations: the command line', () => {
  test('--help -> examples, exit code 0', async () => {
    const outcome = await readMutationArguments(['--help'])
    expect(outcome).toMatchObject({ kind: 'print', exitCode: 0, text: expect.stringContaining('Examples:') })
  })

  test('names and numbers -> read', async () => {
    const outcome = await readMutationArguments(['--only', 'torn-tail-kept', '--seeds-max', '7', '--json'])
    expect(outcome).toEqual({
      kind: 'run',
      values: { only: ['torn-tail-kept'], list: false, json: true, seedsMax: 7, firstSeed: 1, jobs: 2 },
    })
  })

  test.each([
    [['--only', 'nope'], 'found --only nope; --list says which there are'],
    [['--seeds-max', 'many'], 'found --seeds-max many; expected a whole number'],
    [['--seed-max', '3'], 'Unknown argument'],
  ])('%j -> said what is wrong, exit code 2', async (argv, reason) => {
    const outcome = await readMutationArguments(argv)
    expect(outcome).toMatchObject({ kind: 'print', exitCode: 2, text: expect.stringContaining(reason) })
  })
})
