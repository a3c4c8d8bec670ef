import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../src/runtime/seeded-random.ts'
import { DiskImage } from '../../src/sim/disk-image.ts'
import { appendAll, openStorage, promise, readBack, run } from './helpers.ts'
import { ImageDisk } from './image-disk.ts'

describe('a failed sync', () => {
  it.each([
    ['the process cuts the group off', false],
    ['the process dies before it can cut the group off', true],
  ])(
    '%s, starts again, then the power fails -> what the start showed is still there',
    async (_name, dies) => {
      let shownInFull = 0
      for (let seed = 1; seed <= 60; seed++) {
        const image = new DiskImage(new SeededRandom(seed))
        const disk = new ImageDisk(image)
        const storage = await openStorage(disk)
        if (seed % 2 === 0) await appendAll(storage, run(1, 1, 2))
        await promise(storage, 1)
        const before = storage.lastZxid
        image.failSyncs(1)
        disk.diesAtTruncate = dies
        await expect(appendAll(storage, run(1, 3 - (seed % 2) * 2, 3))).rejects.toMatchObject({ code: 'IO' })
        const shown = await readBack(await openStorage(new ImageDisk(image)))
        if ((shown.at(-1) ?? 0) > before) shownInFull += 1
        image.losePower()
        const left = await readBack(await openStorage(new ImageDisk(image)))
        expect(left, `seed ${seed}`).toEqual(shown)
      }
      expect(shownInFull).toBe(dies ? 60 : 0)
    },
  )

  it('the first sync of a start fails -> the start fails, and the next one still loses nothing that it shows', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const image = new DiskImage(new SeededRandom(seed))
      const storage = await openStorage(new ImageDisk(image))
      await appendAll(storage, run(1, 1, 2))
      await appendAll(storage, run(1, 3, 2))
      image.losePower()
      image.failSyncs(1 + (seed % 3))
      await expect(openStorage(new ImageDisk(image))).rejects.toMatchObject({ code: 'IO' })
      image.failSyncs(0)
      expect(await readBack(await openStorage(new ImageDisk(image)))).toEqual(run(1, 1, 4))
      image.losePower()
      expect(await readBack(await openStorage(new ImageDisk(image)))).toEqual(run(1, 1, 4))
    }
  })
})
