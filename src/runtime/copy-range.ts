/** Up to here a loop over the bytes beats a call into the runtime, which makes a view of the range first. */
const shortBytesMax = 48

/** Copies `source` from `start` to `end` into `target` at `at`, which must have the room. */
export function copyRange(source: Buffer, start: number, end: number, target: Buffer, at: number): void {
  if (end - start > shortBytesMax) {
    // A plain view: it is made in a fraction of the time that one of a Buffer, or `copy`, takes.
    target.set(new Uint8Array(source.buffer, source.byteOffset + start, end - start), at)
    return
  }
  let to = at
  for (let from = start; from < end; from++) target[to++] = source[from] as number
}

/** Up to here a loop over the words beats a call into the runtime. */
const fewWordsMax = 192

/** As `copyRange`, where there are views already. */
export function copyWords(source: DataView, start: number, end: number, target: DataView, at: number): void {
  if (end - start > fewWordsMax) {
    const from = new Uint8Array(source.buffer, source.byteOffset + start, end - start)
    new Uint8Array(target.buffer, target.byteOffset + at, end - start).set(from)
    return
  }
  let from = start
  let to = at
  for (; from + 4 <= end; from += 4, to += 4) target.setInt32(to, source.getInt32(from, true), true)
  for (; from < end; from++, to++) target.setUint8(to, source.getUint8(from))
}
