import { recordHeaderBytes } from '../../storage/record.ts'
import { markIsSound, markMagic, segmentHeaderBytes } from '../../storage/segment-format.ts'

/**
 * How many bytes of a log segment, from its beginning, can rot without passing for a torn write: those in front of its last mark, when
 * that is not the one that was written together with the header.
 *
 * Behind it stands the last group. Nothing on the disk proves that it was ever durable, so no program can tell a damaged one from
 * one that was torn when the power went, and it is rightly cut off. Rot there, in the moment before a mark follows, is beyond
 * what a log on one disk can promise.
 */
export function vouchedBytes(segment: Buffer): number {
  let vouched = 0
  for (let hit = segment.indexOf(markMagic); hit >= 0; hit = segment.indexOf(markMagic, hit + 1)) {
    const at = hit - recordHeaderBytes
    if (at > segmentHeaderBytes && markIsSound(segment, at, at)) vouched = at
  }
  return vouched
}
