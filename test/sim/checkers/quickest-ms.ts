const triesMax = 10

/** How long some work takes when nothing else holds the machine up: the quickest of several times, or the first below the bound. */
export function quickestMs(boundMs: number, work: () => void): number {
  let quickest = Number.POSITIVE_INFINITY
  for (let tries = 0; tries < triesMax && quickest >= boundMs; tries++) {
    const startedMs = performance.now()
    work()
    quickest = Math.min(quickest, performance.now() - startedMs)
  }
  return quickest
}
