import type { Disk } from '../runtime/disk.ts'
import type { Timers } from '../runtime/timers.ts'
import { readStateFile } from '../storage/state-file.ts'
import type { Zxid } from '../tree/zxid.ts'
import { entryLine } from './lines.ts'
import { historyFiles, type Place, PlaceError } from './places.ts'
import type { Line, Printer } from './printer.ts'
import { type SegmentEntry, segmentEntries } from './segment-entries.ts'

/** How often the end of the log is looked at. */
const followMs = 200

/** Shows the last transactions of a log, and with `follow` those that come, for as long as `goesOn` says. */
export async function tail(
  world: { disk: Disk; timers: Timers; printer: Printer },
  place: Place,
  options: { lines: number; follow: boolean; goesOn: () => boolean },
): Promise<boolean> {
  const { disk, timers, printer } = world
  const log = new LogEnd(disk, place)
  const kept: Line[] = []
  let sound = true
  for await (const { entry, path } of log.read()) {
    if (isDamage(entry)) sound = false
    else if (entry.kind !== 'record') continue
    kept.push(entryLine(entry, path, printer.paint))
    if (kept.length > options.lines) kept.shift()
  }
  for (const line of kept) await printer.line(line)
  await printer.flush()
  while (options.follow && options.goesOn()) {
    await new Promise<void>((resolve) => timers.after(followMs, resolve))
    for await (const { entry, path } of log.read()) {
      // What is torn may be a write under way: it is looked at again.
      if (entry.kind === 'record') await printer.line(entryLine(entry, path, printer.paint))
    }
    await printer.flush()
  }
  return sound
}

const isDamage = (entry: SegmentEntry): boolean => entry.kind === 'gap' && entry.gap === 'damage'

/** Reads the log of a place again and again, each time what was not seen before. */
class LogEnd {
  readonly #disk: Disk
  readonly #place: Place
  /** Up to where the log was seen: the last whole record, and the file that it is in. */
  #seen: { path: string; offset: number; zxid: Zxid } | null = null

  constructor(disk: Disk, place: Place) {
    this.#disk = disk
    this.#place = place
  }

  async *read(): AsyncGenerator<{ entry: SegmentEntry; path: string }> {
    const segments = await this.#segments()
    const from = this.#seen === null ? 0 : segments.indexOf(this.#seen.path)
    // The history was replaced, or cut back behind this file: what there is now is shown from its beginning.
    if (from < 0) this.#seen = null
    for (const [i, path] of segments.entries()) {
      if (i < from) continue
      const before = this.#seen?.path === path ? this.#seen : null
      for await (const entry of segmentEntries(this.#disk, path, i < segments.length - 1, before)) {
        if (entry.kind === 'record') {
          if (before !== null && entry.offset <= before.offset && entry.zxid <= before.zxid) continue
          this.#seen = { path, offset: entry.offset, zxid: entry.zxid }
        }
        yield { entry, path }
      }
    }
  }

  async #segments(): Promise<string[]> {
    const { kind, path } = this.#place
    if (kind === 'segment') return [path]
    if (kind === 'history') return (await historyFiles(this.#disk, path)).segments
    if (kind !== 'server')
      throw new PlaceError(`${path}: found a ${kind} file, expected a log or a folder with one`)
    const state = await readStateFile(this.#disk, path)
    return state === null ? [] : (await historyFiles(this.#disk, `${path}/${state.history}`)).segments
  }
}
