const bucketsPerOctave = 64
const octaves = 40

/** Latencies, counted in buckets whose width is a sixty-fourth of their power of two of microseconds. Allocates nothing. */
export class Histogram {
  count = 0
  maxMs = 0
  readonly #counts = new Float64Array(octaves * bucketsPerOctave)

  add(latencyMs: number): void {
    this.count++
    if (latencyMs > this.maxMs) this.maxMs = latencyMs
    const bucket = bucketOf((latencyMs * 1000) | 0)
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
  }

  /** Takes over all that another has counted. */
  addAll(other: Histogram): void {
    this.count += other.count
    this.maxMs = Math.max(this.maxMs, other.maxMs)
    for (const [bucket, count] of other.#counts.entries()) {
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count
    }
  }

  /** 0 when nothing was counted. */
  quantileMs(quantile: number): number {
    const wanted = Math.floor(quantile * this.count)
    let seen = 0
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count
      if (seen > wanted) return lowerBoundUs(bucket) / 1000
    }
    return this.maxMs
  }
}

function bucketOf(us: number): number {
  if (us < bucketsPerOctave) return Math.max(us, 0)
  const exponent = 31 - Math.clz32(us)
  return (exponent - 5) * bucketsPerOctave + ((us >>> (exponent - 6)) & (bucketsPerOctave - 1))
}

function lowerBoundUs(bucket: number): number {
  if (bucket < bucketsPerOctave) return bucket
  const exponent = Math.floor(bucket / bucketsPerOctave) + 5
  return 2 ** exponent + (bucket % bucketsPerOctave) * 2 ** (exponent - 6)
}
