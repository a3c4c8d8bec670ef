import type { Stat, Value } from './decode.ts'
import { configPath, lastingPaths } from './program.ts'
import type { Seen, Transcript } from './transcript.ts'

const unimplemented = -6

/**
 * What stands for the values that differ from run to run: zxids become their rank among those seen, sessions their number in
 * order of appearance, counters of nodes that outlive programs what was added to them. Equal names mean equal behaviour.
 */
export class Names {
  readonly #ranks: readonly bigint[]
  readonly #spent: readonly bigint[]
  readonly #transcript: Transcript

  /** @param spent zxids that the other side does not spend: the later ones move down */
  constructor(transcript: Transcript, spent: readonly bigint[] = []) {
    this.#transcript = transcript
    this.#spent = spent
    this.#ranks = [...new Set([...zxids(transcript)].map((zxid) => this.#moved(zxid)))]
      .filter((zxid) => zxid > transcript.baseZxid)
      .sort((a, b) => (a < b ? -1 : 1))
  }

  zxid(actual: bigint): string {
    if (actual <= 0n) return String(actual)
    const zxid = this.#moved(actual)
    if (zxid <= this.#transcript.baseZxid) return 'old'
    const above = this.#ranks.findIndex((seen) => seen >= zxid)
    if (above < 0) return `after z${this.#ranks.length}`
    return this.#ranks[above] === zxid ? `z${above + 1}` : `before z${above + 1}`
  }

  /** What it would have been, had nothing been spent. */
  #moved(zxid: bigint): bigint {
    let moved = zxid
    for (const spent of this.#spent) if (spent <= zxid) moved--
    return moved
  }

  session(id: bigint): string {
    if (id === 0n) return '-'
    const at = this.#transcript.sessions.indexOf(id)
    return at < 0 ? `unknown 0x${BigInt.asUintN(64, id).toString(16)}` : `s${at}`
  }

  stat(path: string | null, stat: Stat): string {
    const base = this.#transcript.baseStats.get(path === '' ? '/' : (path ?? ''))
    const counter = (value: number, before: number | undefined): string =>
      before === undefined ? String(value) : `before+${value - before}`
    return [
      `c=${this.zxid(stat.czxid)} m=${this.zxid(stat.mzxid)} p=${this.zxid(stat.pzxid)}`,
      `version=${counter(stat.version, base?.version)}`,
      `cversion=${counter(stat.cversion, base?.cversion)}`,
      `aversion=${counter(stat.aversion, base?.aversion)}`,
      `owner=${this.session(stat.owner)} length=${path === configPath ? '(any)' : stat.dataLength} children=${stat.childCount}`,
    ].join(' ')
  }
}

/** The paths whose nodes are there before and after every program. */
export function outlivesPrograms(path: string | null): boolean {
  return path === '' || lastingPaths.some((lasting) => lasting === path)
}

/** Every stat that a run showed. */
export function* stats({ steps, trees }: Transcript): Generator<Stat> {
  for (const { seen } of steps)
    for (const things of seen.values())
      for (const thing of things) if (thing.is === 'reply') yield* statsIn(thing.body)
  for (const tree of trees) for (const { stat } of tree) yield stat
}

function* statsIn(values: readonly Value[]): Generator<Stat> {
  for (const value of values) {
    if (value.is === 'stat') yield value.value
    else if (value.is === 'result') yield* statsIn(value.value)
  }
}

/** Those of events are left out: ZooKeeper 3.8 does not send them. So are those of refusals that carry none there. */
function* zxids(transcript: Transcript): Generator<bigint> {
  for (const { seen } of transcript.steps)
    for (const things of seen.values()) for (const thing of things) if (carriesZxid(thing)) yield thing.zxid
  for (const { czxid, mzxid, pzxid } of stats(transcript)) {
    yield czxid
    yield mzxid
    yield pzxid
  }
}

function carriesZxid(seen: Seen): seen is Seen & { is: 'reply' } {
  return seen.is === 'reply' && seen.errorCode !== unimplemented
}
