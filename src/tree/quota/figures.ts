/** Where a figure is missing: no limit. */
const none = -1

/**
 * What stands in a node of limits or stats: `count=5,bytes=-1=;byteHardLimit=-1;countHardLimit=7`. The `=` behind the
 * second figure, which is there when others follow, makes old clients stop reading. Clients write these nodes, so anything
 * may stand in them: what is no figure is passed over.
 */
export class Figures {
  readonly #figures = new Map<string, number>()

  static parse(data: Buffer | null): Figures {
    const figures = new Figures()
    if (data === null || data.length > textBytesMax) return figures
    for (const pair of data.toString('utf8').split(/[,;]+/)) {
      const [, name, value] = /^([^=]*)=([+-]?\d{1,15})?(?:=.*)?$/s.exec(pair) ?? []
      if (name === undefined) continue
      // `count==5` names no value either.
      figures.#figures.set(name, value === undefined ? none : Number(value))
    }
    return figures
  }

  /** -1 for one that is missing. */
  get(name: string): number {
    return this.#figures.get(name) ?? none
  }

  add(name: string, difference: number): this {
    this.#figures.set(name, this.get(name) + difference)
    return this
  }

  set(name: string, value: number): this {
    this.#figures.set(name, value)
    return this
  }

  /** Count and bytes, then the others by name. */
  toString(): string {
    const others = [...this.#figures.keys()].filter((name) => name !== 'count' && name !== 'bytes').sort()
    const more = others.map((name) => `;${name}=${this.get(name)}`).join('')
    return `count=${this.get('count')},bytes=${this.get('bytes')}${more === '' ? '' : `=${more}`}`
  }
}

/** Twice what all figures take. They are read on each change below: more would let one request stall every server. */
const textBytesMax = 256
