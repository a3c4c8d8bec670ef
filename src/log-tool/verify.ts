import type { Disk } from '../runtime/disk.ts'
import { historyNumber } from '../storage/file-names.ts'
import { readStateFile } from '../storage/state-file.ts'
import { shown } from './lines.ts'
import { historyFiles, type Place } from './places.ts'
import type { Printer } from './printer.ts'
import { segmentEntries } from './segment-entries.ts'
import { problemOf, readSnapshot } from './snapshot-summary.ts'
import { type StartOutcome, startOutcome } from './start-outcome.ts'

/** Checks every file by itself, and then what a start would make of all of them. Resolves to whether all is well. */
export async function verify(disk: Disk, printer: Printer, place: Place): Promise<boolean> {
  let sound = true
  const check = async (path: string, look: () => Promise<Check>): Promise<void> => {
    const { problems, tells } = await look().catch((error: unknown) => ({
      problems: [problemOf(error)],
      tells: '',
    }))
    if (problems.length > 0) sound = false
    const text =
      problems.length === 0
        ? `${printer.paint.green('sound')}    ${path}${tells === '' ? '' : `: ${tells}`}`
        : problems.map((problem) => `${printer.paint.red('DAMAGED')}  ${problem}`).join('\n')
    await printer.line({
      text,
      json: { type: 'file', file: path, sound: problems.length === 0, problems, tells },
    })
  }
  for (const file of await filesOf(disk, place)) await check(file.path, () => checkFile(disk, file))
  if (place.kind !== 'server' && place.kind !== 'history') return sound
  const outcome = await startOutcome(disk, { kind: place.kind, path: place.path })
  await printer.line(outcomeLine(outcome, printer))
  return sound && outcome.kind !== 'refuses'
}

interface Check {
  readonly problems: readonly string[]
  /** What is worth knowing of a sound one. */
  readonly tells: string
}

interface CheckedFile {
  readonly kind: 'segment' | 'snapshot' | 'state'
  readonly path: string
  readonly rolled: boolean
}

async function filesOf(disk: Disk, place: Place): Promise<CheckedFile[]> {
  const { kind, path } = place
  if (kind === 'history') {
    const { segments, snapshots } = await historyFiles(disk, path)
    return [
      ...snapshots.map((file) => ({ kind: 'snapshot' as const, path: file, rolled: false })),
      ...segments.map((file, i) => ({
        kind: 'segment' as const,
        path: file,
        rolled: i < segments.length - 1,
      })),
    ]
  }
  if (kind !== 'server') return [{ kind, path, rolled: false }]
  const files: CheckedFile[] = []
  const names = await disk.list(path)
  if (names.includes('state')) files.push({ kind: 'state', path: `${path}/state`, rolled: false })
  for (const name of names)
    if (historyNumber(name) !== null)
      files.push(...(await filesOf(disk, { kind: 'history', path: `${path}/${name}` })))
  return files
}

async function checkFile(disk: Disk, { kind, path, rolled }: CheckedFile): Promise<Check> {
  if (kind === 'state') {
    const state = await readStateFile(disk, path.slice(0, path.lastIndexOf('/')))
    const tells =
      state === null
        ? ''
        : `server ${state.serverId}, promised epoch ${state.promisedEpoch}, current epoch ${state.currentEpoch}`
    return { problems: [], tells }
  }
  if (kind === 'snapshot') {
    const { header, state } = await readSnapshot(disk, path)
    return {
      problems: [],
      tells: `state of ${shown(header.zxid)}, ${state.tree.nodeCount} nodes, digest ${header.digest}`,
    }
  }
  const problems: string[] = []
  let count = 0
  let first = 0
  let last = 0
  let torn = ''
  for await (const entry of segmentEntries(disk, path, rolled)) {
    if (entry.kind === 'record') {
      count++
      if (first === 0) first = entry.zxid
      last = entry.zxid
    } else if (entry.kind === 'gap' && entry.gap === 'damage') {
      problems.push(`${path}, offset ${entry.offset}: found ${entry.found}, expected a sound one`)
    } else if (entry.kind === 'gap' && entry.gap === 'torn') {
      torn = `; from offset ${entry.offset} on a torn end, which was never acknowledged`
    }
  }
  const range = count === 0 ? 'no transaction' : `${count} transactions, ${shown(first)} to ${shown(last)}`
  return { problems, tells: `${range}${torn}` }
}

function outcomeLine(
  outcome: StartOutcome,
  { paint }: Printer,
): { text: string; json: Readonly<Record<string, unknown>> } {
  switch (outcome.kind) {
    case 'refuses':
      return {
        text: `\n${paint.red('A start would refuse:')} ${outcome.problem}`,
        json: { type: 'start', would: 'refuse', problem: outcome.problem },
      }
    case 'begins':
      return {
        text: '\nA start would begin with nothing: there is no history here.',
        json: { type: 'start', would: 'begin' },
      }
    case 'goes on': {
      const { state, snapshot, committed, last, digest, nodes, sessions, mends, leftovers } = outcome
      const pending =
        last > committed
          ? `; what follows up to ${shown(last)} waits for the next leader to confirm or wipe it`
          : ''
      const base = snapshot === 0 ? 'the beginning' : `the snapshot of ${shown(snapshot)}`
      const steps = [
        ...mends.map((mend) =>
          mend.kind === 'cut'
            ? `cut the end off ${mend.path}, from ${mend.from} to ${mend.to}: torn, or written ahead`
            : `remove ${mend.path}: ${mend.kind === 'remove' ? mend.because : ''}`,
        ),
        ...leftovers.map((path) => `remove ${path}: nothing refers to it`),
      ]
      return {
        text: [
          `\n${paint.green('A start would go on')} from ${base} to ${shown(committed)}, digest ${digest}, ${nodes} nodes, ${sessions} sessions${pending}.`,
          ...(steps.length === 0 ? [] : ['Before that it would', ...steps.map((step) => `  ${step}`)]),
        ].join('\n'),
        json: {
          type: 'start',
          would: 'go on',
          ...(state === null ? {} : { serverId: state.serverId, currentEpoch: state.currentEpoch }),
          snapshot: shown(snapshot),
          committed: shown(committed),
          last: shown(last),
          digest,
          nodes,
          sessions,
          steps,
        },
      }
    }
  }
}
