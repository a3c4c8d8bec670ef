/** How often a condition is looked at. */
const pollMs = 10

/** Thrown while waiting: what is waited for cannot come about any more. */
export class Hopeless extends Error {
  override name = 'Hopeless'
}

/**
 * Waits until `look` gives something other than null, undefined or false, and hands it over. An error that it throws while
 * waiting is not the end: servers are down now and then; the last one is told when time is up. Only `Hopeless` ends it at once.
 *
 * @param timeoutMs only a bound for what is broken: nothing waits that long when all is well
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  timeoutMs = 20_000,
): Promise<Exclude<T, null | undefined | false>> {
  const endMs = performance.now() + timeoutMs
  let last = 'it did not come about'
  for (;;) {
    try {
      const found = await look()
      if (found !== null && found !== undefined && found !== false)
        return found as Exclude<T, null | undefined | false>
    } catch (error) {
      if (error instanceof Hopeless) throw error
      last = String(error)
    }
    if (performance.now() > endMs) throw new Error(`waited ${timeoutMs} ms in vain for ${what}: ${last}`)
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}
