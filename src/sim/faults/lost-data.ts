import type { SeededRandom } from '../../runtime/seeded-random.ts'
import { segmentFirst, snapshotZxid, stateFileName } from '../../storage/file-names.ts'
import type { SimHost } from '../sim-host.ts'
import type { FaultContext, FaultFamily } from './fault.ts'
import { vouchedBytes } from './vouched-bytes.ts'

type LossName = 'logRot' | 'snapshotRot' | 'stateRot' | 'wipe'

/** Disks that lose what was durable, or change it. The budget leaves a majority of them sound. */
export function lostData(
  { ensemble, budget, judge, caretaker }: FaultContext,
  options: { beyondBudget: boolean },
): FaultFamily<LossName> {
  const pickFrom = (random: SeededRandom, ids: readonly number[]): number | null =>
    ids.length === 0 ? null : random.pick(ids)

  /** Turns over some bits of one file of the kind, up or down. */
  const rot = (
    random: SeededRandom,
    isOfKind: (name: string) => boolean,
    damageableBytes: (content: Buffer) => number,
  ): boolean => {
    const rottable = ensemble.ids.filter((id) => options.beyondBudget || budget.mayLose(id))
    const id = pickFrom(random, rottable)
    if (id === null) return false
    const host = ensemble.host(id)
    const path = pickFile(host, random, `/data/${id}/`, isOfKind)
    if (path === null) return false
    const bytes = damageableBytes(host.disk.durableContentOf(path))
    if (bytes === 0) return false
    budget.onRotten(id)
    judge.onRotten(id)
    const at = random.below(bytes)
    // One bit, or a stretch of rubbish.
    const length = random.pick([1, 1, 1, 16])
    for (let i = at; i < Math.min(bytes, at + length); i++) host.disk.flipBit(path, i, random.below(8))
    host.note('rot', path, at, length)
    return true
  }

  return {
    logRot: (random) => rot(random, (name) => segmentFirst(name) !== null, vouchedBytes),
    snapshotRot: (random) =>
      rot(
        random,
        (name) => snapshotZxid(name) !== null,
        (content) => content.length,
      ),
    stateRot: (random) =>
      rot(
        random,
        (name) => name === stateFileName,
        (content) => content.length,
      ),
    wipe: (random) => {
      const id = pickFrom(
        random,
        ensemble.ids.filter((id) => caretaker.mayEmpty(id)),
      )
      if (id === null) return false
      caretaker.wipe(id)
      if (random.chance(1, 2)) caretaker.bringBackIn(id, random.below(100))
      return true
    },
  }
}

function pickFile(
  host: SimHost,
  random: SeededRandom,
  folder: string,
  isOfKind: (name: string) => boolean,
): string | null {
  const paths = host.disk
    .durableFiles()
    .filter((path) => path.startsWith(folder) && isOfKind(path.slice(path.lastIndexOf('/') + 1)))
  return paths.length === 0 ? null : random.pick(paths)
}
