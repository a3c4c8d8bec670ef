import { OpCode } from '../../src/wire/opcodes.ts'
import { type Expected, expectedOfBanyan, type Listed, type Pair } from './listed.ts'
import { Names, stats } from './names.ts'
import type { Program, Step } from './program.ts'
import { renderNode, renderSeen } from './render.ts'
import type { Seen, Transcript } from './transcript.ts'

/** Where two runs first differ. */
export interface Difference {
  /** The step, or null for what is only seen at the end. */
  readonly step: number | null
  /** Where: a client, a tree. */
  readonly where: string
  readonly theirs: readonly string[]
  readonly ours: readonly string[]
}

export interface Comparison {
  readonly difference: Difference | null
  /** How often each listed difference was met. */
  readonly met: ReadonlyMap<string, number>
}

/** Compares two runs of one program, ZooKeeper's first. */
export function compare(
  program: Program,
  theirs: Transcript,
  ours: Transcript,
  expected: Expected = expectedOfBanyan,
): Comparison {
  const comparer = new Comparer(program, theirs, ours, expected)
  return { difference: comparer.first(), met: comparer.met }
}

class Comparer {
  readonly met = new Map<string, number>()
  readonly #program: Program
  readonly #theirs: Transcript
  readonly #ours: Transcript
  readonly #theirNames: Names
  readonly #ourNames: Names
  readonly #differences: readonly Listed[]

  constructor(program: Program, theirs: Transcript, ours: Transcript, expected: Expected) {
    this.#program = program
    this.#theirs = theirs
    this.#ours = ours
    this.#theirNames = new Names(theirs, expected.spent(program, theirs))
    this.#ourNames = new Names(ours)
    this.#differences = expected.listed
  }

  first(): Difference | null {
    for (const [index, step] of this.#program.steps.entries()) {
      const clients = new Set([...this.#seenBy(this.#theirs, index), ...this.#seenBy(this.#ours, index)])
      for (const client of clients) {
        const difference = this.#compareStep(index, step, client)
        if (difference !== null) return difference
      }
    }
    return this.#compareTrees() ?? this.#compareTimes()
  }

  #seenBy({ steps }: Transcript, index: number): Iterable<number> {
    return steps[index]?.seen.keys() ?? []
  }

  #compareStep(index: number, step: Step, client: number): Difference | null {
    const theirs = inOrder(this.#theirs.steps[index]?.seen.get(client) ?? [], step, this.#theirNames)
    const ours = inOrder(this.#ours.steps[index]?.seen.get(client) ?? [], step, this.#ourNames)
    const theirLines = theirs.map((seen) => renderSeen(seen, step, this.#theirNames))
    const ourLines = ours.map((seen) => renderSeen(seen, step, this.#ourNames))
    let [i, j] = [0, 0]
    while (i < theirs.length || j < ours.length) {
      if (theirLines[i] !== undefined && theirLines[i] === ourLines[j]) {
        i++
        j++
        continue
      }
      const [their, our] = [theirs[i], ours[j]]
      const explained =
        this.#explains({ theirs: their, ours: our }, index, step, client) ??
        this.#explains({ theirs: their, ours: undefined }, index, step, client) ??
        this.#explains({ theirs: undefined, ours: our }, index, step, client)
      if (explained === null)
        return { step: index, where: `client ${client}`, theirs: theirLines, ours: ourLines }
      if (explained.theirs !== undefined) i++
      if (explained.ours !== undefined) j++
    }
    return null
  }

  #explains(pair: Pair, index: number, step: Step, client: number): Pair | null {
    if (pair.theirs === undefined && pair.ours === undefined) return null
    const request =
      step.kind === 'send' && pair.theirs?.is === 'reply' ? step.requests[pair.theirs.request] : undefined
    const context = {
      step,
      request,
      ourStep: this.#ours.steps[index]?.seen ?? new Map(),
      theirNames: this.#theirNames,
      ourNames: this.#ourNames,
      render: (seen: Seen, names: Names): string => renderSeen(seen, step, names),
      client,
    }
    const found = this.#differences.find(({ explains }) => explains(pair, context))
    if (found === undefined) return null
    this.met.set(found.name, (this.met.get(found.name) ?? 0) + 1)
    return pair
  }

  #compareTrees(): Difference | null {
    const places = ['the tree at the end', 'the tree without sessions']
    for (const [i, where] of places.entries()) {
      const theirs = (this.#theirs.trees[i] ?? []).map((node) => renderNode(node, this.#theirNames))
      const ours = (this.#ours.trees[i] ?? []).map((node) => renderNode(node, this.#ourNames))
      if (theirs.join('\n') !== ours.join('\n')) {
        const both = new Set(theirs.filter((line) => ours.includes(line)))
        const rest = (lines: readonly string[]): string[] => lines.filter((line) => !both.has(line))
        return { step: null, where, theirs: rest(theirs), ours: rest(ours) }
      }
    }
    return null
  }

  #compareTimes(): Difference | null {
    const theirs = faultInTimes(this.#theirs)
    const ours = faultInTimes(this.#ours)
    if (theirs === null && ours === null) return null
    return { step: null, where: 'times', theirs: [theirs ?? 'in order'], ours: [ours ?? 'in order'] }
  }
}

/**
 * Puts aside the orders that nothing promises: replies to auth and SASL come from outside the pipeline, and the ephemerals of
 * a closed session go in any order.
 */
function inOrder(seen: readonly Seen[], step: Step, names: Names): Seen[] {
  const overtakes = (one: Seen): boolean =>
    one.is === 'reply' && (one.opcode === OpCode.auth || one.opcode === OpCode.sasl)
  const ordered = [...seen.filter(overtakes), ...seen.filter((one) => !overtakes(one))]
  const closes = step.kind === 'send' && step.requests.some(({ opcode }) => opcode === OpCode.closeSession)
  if (!closes) return ordered
  const text = (one: Seen): string => renderSeen(one, step, names)
  const events = ordered.filter(({ is }) => is === 'event').sort((a, b) => (text(a) < text(b) ? -1 : 1))
  return ordered.map((one) => (one.is === 'event' ? (events.shift() ?? one) : one))
}

/** The times of one run: one per zxid, and later zxids are not earlier. */
function faultInTimes(transcript: Transcript): string | null {
  const timeOf = new Map<bigint, bigint>()
  for (const { czxid, ctimeMs, mzxid, mtimeMs } of stats(transcript)) {
    for (const [zxid, timeMs] of [
      [czxid, ctimeMs],
      [mzxid, mtimeMs],
    ] as const) {
      if (zxid <= transcript.baseZxid) continue
      const known = timeOf.get(zxid) ?? timeMs
      if (known !== timeMs) return `zxid ${zxid} has the times ${known} and ${timeMs}`
      timeOf.set(zxid, timeMs)
    }
  }
  let last = 0n
  for (const [zxid, timeMs] of [...timeOf].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (timeMs < last) return `zxid ${zxid} is of ${timeMs}, an earlier one of ${last}`
    last = timeMs
  }
  return last > 0n && Math.abs(Number(last) - Date.now()) > 600_000 ? `the time ${last} is not now` : null
}
