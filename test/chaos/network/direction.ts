/** How bytes travel from one machine to another at the moment; the way back has its own. */
export interface Weather {
  /** Nothing gets through, not even the end of a connection. What is on its way waits, as TCP would send it again. */
  blocked: boolean
  delayMs: number
  /** As much again by chance, for each piece. */
  jitterMs: number
  bytesPerSecond: number
}

export const fairWeather: Readonly<Weather> = {
  blocked: false,
  delayMs: 0,
  jitterMs: 0,
  bytesPerSecond: Number.POSITIVE_INFINITY,
}

/** The weather from one machine to another, and who has to know when it changes. */
export class Direction {
  #weather: Readonly<Weather> = fairWeather
  readonly #flows = new Set<() => void>()

  get weather(): Readonly<Weather> {
    return this.#weather
  }

  set weather(weather: Readonly<Weather>) {
    this.#weather = weather
    for (const changed of this.#flows) changed()
  }

  /** Calls `changed` at every change, until the returned function is called. */
  follow(changed: () => void): () => void {
    this.#flows.add(changed)
    return () => this.#flows.delete(changed)
  }
}
