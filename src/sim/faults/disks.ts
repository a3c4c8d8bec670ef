import type { FaultContext, FaultFamily } from './fault.ts'

type DiskName = 'slowDisk' | 'writeError' | 'syncError' | 'fullDisk'

/** Disks that are slow, fail or are full. What a server could not make durable it must not have acknowledged. */
export function disks({ ensemble, passing }: FaultContext): FaultFamily<DiskName> {
  return {
    slowDisk: (random) => {
      const host = ensemble.host(random.pick(ensemble.ids))
      if (host.diskSlowness !== 1) return false
      host.diskSlowness = random.pick([5, 30, 200, 1_000])
      host.note('slow disk', '', host.diskSlowness)
      passing.last(random.between(50, 5_000), () => {
        host.diskSlowness = 1
        host.note('usual disk')
      })
      return true
    },

    writeError: (random) => {
      const { disk } = ensemble.host(random.pick(ensemble.ids))
      disk.failWrites(random.between(1, 3))
      passing.last(random.between(100, 4_000), () => disk.failWrites(0))
      return true
    },

    syncError: (random) => {
      const { disk } = ensemble.host(random.pick(ensemble.ids))
      disk.failSyncs(random.between(1, 3))
      passing.last(random.between(100, 4_000), () => disk.failSyncs(0))
      return true
    },

    fullDisk: (random) => {
      const host = ensemble.host(random.pick(ensemble.ids))
      const { disk } = host
      if (disk.capacityBytes !== Number.POSITIVE_INFINITY) return false
      disk.capacityBytes = disk.usedBytes('/') + random.below(random.pick([1, 1_000, 20_000, 400_000]))
      host.note('disk fills up', '', disk.capacityBytes)
      passing.last(random.between(100, 6_000), () => {
        disk.capacityBytes = Number.POSITIVE_INFINITY
        host.note('room on the disk')
      })
      return true
    },
  }
}
