/** Up to here a loop over the bytes beats a call into the runtime, which makes a view of the range first. */
const shortBytesMax = 256

/** Copies `source` from `start` to `end` into `target` at `at`, which must have the room. */
export function copyRange(source: Buffer, start: number, end: number, target: Buffer, at: number): void {
  if (end - start > shortBytesMax) {
    source.copy(target, at, start, end)
    return
  }
  let to = at
  for (let from = start; from < end; from++) target[to++] = source[from] as number
}
