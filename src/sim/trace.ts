/** The last so many events are kept for reading; all of them are in the hash. */
const keptEventsDefault = 5_000

/**
 * What happened, in order. Two runs are the same run exactly when their hashes are equal.
 *
 * A line reads `<seconds> <host> <what> <detail>`; it is put together only when somebody asks, as a run makes millions.
 */
export class Trace {
  #hashA = 0x811c9dc5 | 0
  #hashB = 0x9e3779b9 | 0
  #count = 0
  readonly #keptMax: number
  readonly #kept: TraceEvent[] = []
  readonly #echo: ((line: string) => void) | undefined

  /** `echo` is given every line as it happens. */
  constructor(options: { keptEvents?: number; echo?: (line: string) => void } = {}) {
    this.#keptMax = options.keptEvents ?? keptEventsDefault
    this.#echo = options.echo
  }

  /** How many events there were, kept or not. */
  get count(): number {
    return this.#count
  }

  /** 16 hexadecimal digits over all events so far. */
  get hash(): string {
    return hex(this.#hashA) + hex(this.#hashB)
  }

  /** `what` is a fixed text; what varies goes into the numbers `a` and `b` and the text `detail`. */
  add(atUs: number, host: string, what: string, detail = '', a = 0, b = 0): void {
    this.#mixNumber(atUs)
    this.#mixText(host)
    this.#mixText(what)
    this.#mixText(detail)
    this.#mixNumber(a)
    this.#mixNumber(b)
    const slot = this.#count++ % this.#keptMax
    const kept = this.#kept[slot]
    if (kept === undefined) this.#kept.push({ atUs, host, what, detail, a, b })
    else {
      kept.atUs = atUs
      kept.host = host
      kept.what = what
      kept.detail = detail
      kept.a = a
      kept.b = b
    }
    this.#echo?.(lineOf({ atUs, host, what, detail, a, b }))
  }

  /** The last events, oldest first, at most `last` of them. */
  lines(last: number = this.#keptMax): string[] {
    const shown = Math.min(last, this.#kept.length)
    const lines: string[] = []
    for (let i = this.#count - shown; i < this.#count; i++) {
      lines.push(lineOf(this.#kept[i % this.#keptMax] as TraceEvent))
    }
    return lines
  }

  #mixText(text: string): void {
    for (let i = 0; i < text.length; i++) this.#mix(text.charCodeAt(i))
    this.#mix(text.length)
  }

  #mixNumber(value: number): void {
    this.#mix(value | 0)
    this.#mix(Math.floor(value / 2 ** 32) | 0)
  }

  /** Two 32-bit multiply-and-rotate lanes. */
  #mix(word: number): void {
    const a = Math.imul(this.#hashA ^ word, 0x01000193)
    this.#hashA = (a << 13) | (a >>> 19)
    const b = Math.imul(this.#hashB + word, 0x85ebca6b)
    this.#hashB = (b << 17) | (b >>> 15)
  }
}

interface TraceEvent {
  atUs: number
  host: string
  what: string
  detail: string
  a: number
  b: number
}

function lineOf(event: TraceEvent): string {
  const numbers = event.b !== 0 ? ` ${event.a} ${event.b}` : event.a !== 0 ? ` ${event.a}` : ''
  const detail = event.detail === '' ? '' : ` ${event.detail}`
  return `${(event.atUs / 1e6).toFixed(6).padStart(11)} ${event.host} ${event.what}${detail}${numbers}`
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}
