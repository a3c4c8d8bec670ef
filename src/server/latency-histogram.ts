/** Up to here each millisecond is counted by itself; above, each power of two in eight steps. */
const exactMsMax = 128
const exactBits = 7
const stepBits = 3
const bucketsMax = exactMsMax + ((31 - exactBits) << stepBits)

/** How long things took, in a fixed number of counters: recording is one addition. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(bucketsMax)
  #total = 0

  record(latencyMs: number): void {
    const index = bucketOf(latencyMs)
    this.#counts[index] = (this.#counts[index] as number) + 1
    this.#total++
  }

  /** The latency that a share of all, such as 0.99, did not exceed: exact below 128 ms, within an eighth above. */
  percentile(share: number): number {
    const needed = Math.ceil(this.#total * share)
    let seen = 0
    for (let index = 0; index < bucketsMax && needed > 0; index++) {
      seen += this.#counts[index] as number
      if (seen >= needed) return lowestOf(index)
    }
    return 0
  }

  reset(): void {
    this.#counts.fill(0)
    this.#total = 0
  }
}

function bucketOf(latencyMs: number): number {
  const whole = Math.min(Math.max(Math.floor(latencyMs), 0), 0x7fffffff)
  if (whole < exactMsMax) return whole
  const exponent = 31 - Math.clz32(whole)
  const step = (whole >>> (exponent - stepBits)) & ((1 << stepBits) - 1)
  return exactMsMax + ((exponent - exactBits) << stepBits) + step
}

function lowestOf(index: number): number {
  if (index < exactMsMax) return index
  const above = index - exactMsMax
  const exponent = (above >>> stepBits) + exactBits
  const step = above & ((1 << stepBits) - 1)
  return 2 ** exponent + step * 2 ** (exponent - stepBits)
}
