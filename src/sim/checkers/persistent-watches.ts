import { parentOf, type Told, type TreeChanges } from './tree-changes.ts'
import { type Report, unknownZxid } from './watches.ts'

interface LastingWatch {
  readonly kind: 'persistent' | 'recursive'
  readonly path: string
  answered: boolean
  /** On this connection it stands since then, and is checked up to there; null: not known to stand. */
  checkedZxid: number | null
  /** Told since then. */
  heard: Told[]
}

/** The watches of one client that stay. What happened while it was not connected they may miss, and nothing else. */
export class PersistentWatches {
  readonly #truth: TreeChanges
  readonly #report: Report
  readonly #watches = new Map<number, LastingWatch>()

  constructor(truth: TreeChanges, report: Report) {
    this.#truth = truth
    this.#report = report
  }

  asked(id: number, kind: LastingWatch['kind'], path: string): void {
    this.#watches.set(id, { kind, path, answered: false, checkedZxid: null, heard: [] })
  }

  answered(id: number): void {
    const watch = this.#watches.get(id)
    if (watch !== undefined) watch.answered = true
  }

  drop(id: number): void {
    this.#watches.delete(id)
  }

  lost(): void {
    for (const watch of this.#watches.values()) {
      watch.checkedZxid = null
      watch.heard = []
    }
  }

  clear(): void {
    this.#watches.clear()
  }

  heard(event: Told, ids: readonly number[]): void {
    if (event.zxid === unknownZxid) return
    for (const id of ids) this.#watches.get(id)?.heard.push(event)
  }

  /** An answer on this connection: all up to here has been told. */
  known(lastZxid: number): void {
    for (const watch of this.#watches.values()) {
      if (!watch.answered) continue
      if (watch.checkedZxid !== null) this.#check(watch, watch.checkedZxid, lastZxid)
      watch.checkedZxid = lastZxid
      watch.heard = watch.heard.filter(({ zxid }) => zxid > lastZxid)
    }
  }

  #check(watch: LastingWatch, afterZxid: number, throughZxid: number): void {
    const heard = watch.heard.filter(({ zxid }) => zxid > afterZxid && zxid <= throughZxid)
    for (const [i, event] of heard.entries()) {
      const before = heard[i - 1]
      if (before !== undefined && before.zxid > event.zxid) {
        this.#report('in the order of zxids', `${told(watch)} told ${tell(before)}, then ${tell(event)}`)
      }
    }
    const keys = new Set(heard.map(keyOf))
    const missed = this.#expected(watch, afterZxid, throughZxid).filter((event) => !keys.has(keyOf(event)))
    const first = missed[0]
    const last = missed.at(-1)
    if (first === undefined || last === undefined) return
    if (this.#isOneGap(watch, heard, first.zxid, last.zxid)) return
    this.#report(
      'none is missed',
      `${told(watch)} did not tell ${missed.map(tell).join(', ')}; it told ${heard.map(tell).join(', ') || 'nothing'}, and an answer has shown ${throughZxid}`,
    )
  }

  /** Whether what was missed may have come by one snapshot: nothing of its time was told but the whole difference, at its end. */
  #isOneGap(watch: LastingWatch, heard: readonly Told[], firstZxid: number, lastZxid: number): boolean {
    const inside = heard.find(({ zxid }) => zxid >= firstZxid && zxid < lastZxid)
    if (inside !== undefined) return false
    const end = heard.find(({ zxid }) => zxid >= lastZxid)
    const endZxid = end?.zxid ?? lastZxid
    const keys = new Set(heard.map(keyOf))
    return this.#difference(watch, firstZxid - 1, endZxid).every((event) => keys.has(keyOf(event)))
  }

  /** What comparing the states before and after tells. */
  #difference(watch: LastingWatch, afterZxid: number, zxid: number): Told[] {
    const changes = this.#truth.between(afterZxid, zxid)
    const paths = new Set(changes.map(({ path }) => path))
    if (watch.kind === 'persistent') paths.add(watch.path)
    const told: Told[] = []
    for (const path of paths) {
      if (!covers(watch, path)) continue
      const before = this.#truth.existsAt(path, afterZxid)
      const after = this.#truth.existsAt(path, zxid)
      if (before && !after) told.push({ type: 'deleted', path, zxid })
      if (!before && after) told.push({ type: 'created', path, zxid })
      if (before && after && changes.some((change) => change.path === path)) {
        told.push({ type: 'dataChanged', path, zxid })
      }
      const born =
        changes.findLast((change) => change.path === path && change.type === 'created')?.zxid ?? afterZxid
      const children = changes.some((change) => isOfChildren(change, path) && (before || change.zxid > born))
      if (watch.kind === 'persistent' && after && children) told.push({ type: 'childrenChanged', path, zxid })
    }
    return told
  }

  #expected(watch: LastingWatch, afterZxid: number, throughZxid: number): Told[] {
    const expected: Told[] = []
    for (const change of this.#truth.between(afterZxid, throughZxid)) {
      if (covers(watch, change.path)) expected.push(change)
      if (watch.kind === 'persistent' && isOfChildren(change, watch.path)) {
        expected.push({ type: 'childrenChanged', path: watch.path, zxid: change.zxid })
      }
    }
    return expected
  }
}

function covers({ kind, path }: LastingWatch, changed: string): boolean {
  return changed === path || (kind === 'recursive' && changed.startsWith(`${path}/`))
}

function isOfChildren({ type, path }: Told, parent: string): boolean {
  return type !== 'dataChanged' && parentOf(path) === parent
}

const keyOf = ({ type, path, zxid }: Told): string => `${type} ${zxid} ${path}`
const tell = ({ type, path, zxid }: Told): string => `${type} of ${path} at ${zxid}`
const told = ({ kind, path }: LastingWatch): string => `a ${kind} watch on ${path}`
