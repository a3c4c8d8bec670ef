import type { Told, TreeChanges } from './tree-changes.ts'
import type { Report } from './watches.ts'

interface OneShotWatch {
  readonly kind: 'data' | 'children'
  readonly path: string
  /** The newest that the client knew of when it asked: the answer is of this state or a later one. */
  readonly askedZxid: number
  answered: boolean
  /** See `WatchRecord`. */
  since: number | null
  firedBy: Told | null
}

/** The watches of one client that are good for one event. */
export class OneShotWatches {
  readonly #truth: TreeChanges
  readonly #report: Report
  readonly #watches = new Map<number, OneShotWatch>()
  /** Zxids of what was told on this connection. They rise. */
  #told: number[] = []

  constructor(truth: TreeChanges, report: Report) {
    this.#truth = truth
    this.#report = report
  }

  asked(id: number, kind: OneShotWatch['kind'], path: string, askedZxid: number): void {
    this.#watches.set(id, { kind, path, askedZxid, answered: false, since: null, firedBy: null })
  }

  answered(id: number, since: number | null, lastZxid: number): void {
    const watch = this.#watches.get(id)
    if (watch === undefined) return
    watch.answered = true
    watch.since = since
    // Its event may be handled ahead of the promise of its answer, when both came in one piece.
    if (watch.firedBy !== null) this.#judge(id, watch, watch.firedBy, lastZxid)
  }

  drop(id: number): void {
    this.#watches.delete(id)
  }

  lost(): void {
    this.#told = []
  }

  clear(): void {
    this.#watches.clear()
    this.#told = []
  }

  fired(event: Told, heard: readonly number[], lastZxid: number): void {
    for (const id of heard) {
      const watch = this.#watches.get(id)
      if (watch === undefined) continue
      if (watch.firedBy !== null) {
        this.#report(
          'a one-shot watch fires once',
          `${told(watch)} fired by ${tell(watch.firedBy)} and ${tell(event)}`,
        )
      }
      watch.firedBy = event
      if (watch.answered) this.#judge(id, watch, event, lastZxid)
    }
    if (event.zxid >= 0) this.#told.push(event.zxid)
  }

  /** Whatever was due up to here must have fired. */
  known(lastZxid: number): void {
    for (const [id, watch] of this.#watches) {
      if (!watch.answered || watch.firedBy !== null) continue
      const due = this.#due(watch, lastZxid)
      if (due === undefined) continue
      this.#watches.delete(id)
      this.#report(
        'none is missed',
        `${told(watch)} did not fire for ${tell(due)}, though an answer has shown ${lastZxid}`,
      )
    }
  }

  /** The change that it has to have told by then. */
  #due({ kind, path, since, askedZxid }: OneShotWatch, lastZxid: number): Told | undefined {
    if (since === null) {
      // It came and went unseen: while the client was away, or within a snapshot.
      if (!this.#truth.existsAt(path, lastZxid)) return undefined
      return this.#truth.firstCreation(path, askedZxid)
    }
    const first =
      kind === 'data' ? this.#truth.firstOf(path, since) : this.#truth.firstOfChildren(path, since)
    return first !== undefined && first.zxid <= lastZxid ? first : undefined
  }

  #judge(id: number, watch: OneShotWatch, event: Told, lastZxid: number): void {
    this.#watches.delete(id)
    const { kind, path, since, askedZxid } = watch
    const first =
      since === null
        ? this.#truth.firstCreation(path, askedZxid)
        : kind === 'data'
          ? this.#truth.firstOf(path, since)
          : this.#truth.firstOfChildren(path, since)
    if (first === undefined || (event.zxid >= 0 && event.zxid < first.zxid)) {
      this.#report(
        'no event without a change',
        `${told(watch)} was fired by ${tell(event)}; since then ${tell(first)}`,
      )
      return
    }
    if (event.zxid <= first.zxid || since === null) return
    // Between the first change and this event nothing may have been told: then both are of one snapshot.
    const between = this.#told.find((zxid) => zxid >= first.zxid && zxid < event.zxid)
    if (between === undefined) return
    this.#report(
      'it fires for the first change',
      `${told(watch)} did not fire for ${tell(first)} but for ${tell(event)}; meanwhile ${between} was told, and ${lastZxid} was known`,
    )
  }
}

function told({ kind, path, since }: OneShotWatch): string {
  return `a watch on the ${kind} of ${path}, left when it was ${since === null ? 'missing' : `of ${since}`},`
}

function tell(event: Told | undefined): string {
  return event === undefined ? 'nothing' : `${event.type} at ${event.zxid}`
}
