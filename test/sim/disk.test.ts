import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../src/runtime/seeded-random.ts'
import { DiskImage, World } from '../../src/sim/index.ts'

const imageOf = (seed: number | string) => new DiskImage(new SeededRandom(seed))

/** What becomes of an image over many seeds. */
function outcomes(prepare: (image: DiskImage) => void, look: (image: DiskImage) => string): Set<string> {
  const seen = new Set<string>()
  for (let seed = 0; seed < 300; seed++) {
    const image = imageOf(seed)
    prepare(image)
    image.losePower()
    seen.add(look(image))
  }
  return seen
}

function put(image: DiskImage, path: string, text: string, sync: boolean): void {
  const file = image.openFile(path, true)
  image.write(file, [Buffer.from(text)], 0)
  if (sync) image.sync(file, file.changeCount)
}

const names = (image: DiskImage) => image.list('d').join(' ')

function folderWith(...paths: string[]): (image: DiskImage) => void {
  return (image) => {
    image.makeFolder('d')
    image.syncFolder('/')
    for (const path of paths) put(image, `d/${path}`, path, true)
    image.syncFolder('d')
  }
}

describe('disk that loses power', () => {
  it('synced file in a synced folder -> always whole', () => {
    const seen = outcomes(folderWith('safe'), (image) => image.contentOf('d/safe').toString())
    expect([...seen]).toEqual(['safe'])
  })

  it('unsynced write -> there, gone, or torn at some byte', () => {
    const seen = outcomes(
      (image) => {
        folderWith('f')(image)
        image.write(image.file('d/f'), [Buffer.from('12345')], 1)
      },
      (image) => image.contentOf('d/f').toString(),
    )
    expect(seen).toContain('f')
    expect(seen).toContain('f12345')
    expect(seen).toContain('f12')
    for (const text of seen) expect('f12345'.startsWith(text)).toBe(true)
  })

  it('unsynced write of many sectors -> any of them may survive without those in front', () => {
    const sectors = 4
    const seen = outcomes(
      (image) => {
        folderWith('f')(image)
        image.write(image.file('d/f'), [Buffer.alloc(512 * sectors, 'x')], 0)
      },
      (image) => {
        const content = image.contentOf('d/f')
        return Array.from({ length: sectors }, (_, i) => (content[512 * i + 511] === 120 ? 'x' : '.')).join(
          '',
        )
      },
    )
    expect(seen).toContain('.x.x')
    expect(seen).toContain('xx..')
    expect(seen).toContain('xxxx')
    expect(seen).toContain('....')
  })

  it('what is on the platter -> files that are there by name, with the content that was synced', () => {
    const image = imageOf(1)
    folderWith('safe')(image)
    put(image, 'd/unnamed', 'x', true)
    image.write(image.file('d/safe'), [Buffer.from('SAFE')], 0)
    expect(image.durableFiles()).toEqual(['/d/safe'])
    expect(image.durableContentOf('d/safe').toString()).toBe('safe')
    expect(image.contentOf('d/safe').toString()).toBe('SAFE')
  })

  it('faults of writes and syncs, a full disk -> counted, and nothing else is', () => {
    const image = imageOf(1)
    folderWith('f')(image)
    const file = image.file('d/f')
    const write = () => image.write(file, [Buffer.from('1234567890')], 0)
    write()
    expect(image.errorsGiven).toBe(0)
    image.failWrites(1)
    expect(write).toThrow(/EIO/)
    image.failSyncs(1)
    expect(() => image.sync(file, file.changeCount)).toThrow(/EIO/)
    image.capacityBytes = 3
    expect(() => image.write(file, [Buffer.from('x')], 100)).toThrow(/ENOSPC/)
    image.capacityBytes = Number.POSITIVE_INFINITY
    write()
    expect(image.errorsGiven).toBe(3)
  })

  it('two unsynced writes -> the later one may survive without the earlier, over zeros', () => {
    const seen = outcomes(
      (image) => {
        folderWith('f')(image)
        image.write(image.file('d/f'), [Buffer.from('A')], 1)
        image.write(image.file('d/f'), [Buffer.from('B')], 2)
      },
      (image) => image.contentOf('d/f').toString('latin1'),
    )
    expect([...seen].sort()).toEqual(['f', 'f\0B', 'fA', 'fAB'])
  })

  it('new file, its content synced, its folder not -> may be gone', () => {
    const seen = outcomes((image) => {
      folderWith()(image)
      put(image, 'd/new', 'x', true)
    }, names)
    expect([...seen].sort()).toEqual(['', 'new'])
  })

  it('rename over an old file, folder not synced -> the old or the new one, never none', () => {
    const seen = outcomes(
      (image) => {
        folderWith('state', 'tmp')(image)
        image.rename('d/tmp', 'd/state')
      },
      (image) => image.contentOf('d/state').toString(),
    )
    expect([...seen].sort()).toEqual(['state', 'tmp'])
  })

  it('rename with the folder synced -> always the new one', () => {
    const seen = outcomes(
      (image) => {
        folderWith('state', 'tmp')(image)
        image.rename('d/tmp', 'd/state')
        image.syncFolder('d')
      },
      (image) => `${names(image)}=${image.contentOf('d/state')}`,
    )
    expect([...seen]).toEqual(['state=tmp'])
  })

  it('removals, folder not synced -> each file may be back', () => {
    const seen = outcomes((image) => {
      folderWith('a', 'b')(image)
      image.removeFile('d/a')
      image.removeFile('d/b')
    }, names)
    expect([...seen].sort()).toEqual(['', 'a', 'a b', 'b'])
  })

  it('failed sync, then a good one -> what the first should have covered is still in doubt', () => {
    const seen = outcomes(
      (image) => {
        folderWith('f')(image)
        const file = image.file('d/f')
        image.write(file, [Buffer.from('XX')], 1)
        image.failSyncs(1)
        expect(() => image.sync(file, file.changeCount)).toThrow('EIO')
        image.sync(file, file.changeCount)
      },
      (image) => image.contentOf('d/f').toString(),
    )
    expect(seen).toContain('f')
    expect(seen).toContain('fXX')
  })

  it('any writes, truncations and syncs -> what was there at the last sync and not touched since is there', () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ at: fc.nat(40), text: fc.string({ minLength: 1, maxLength: 8 }) }),
      },
      { weight: 1, arbitrary: fc.constant('sync' as const) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.nat(), (steps, seed) => {
        const image = imageOf(seed)
        folderWith('f')(image)
        const file = image.file('d/f')
        let safe = image.contentOf('d/f')
        let touched = new Set<number>()
        for (const step of steps) {
          if (step === 'sync') {
            image.sync(file, file.changeCount)
            safe = image.contentOf('d/f')
            touched = new Set()
          } else {
            const bytes = Buffer.from(step.text, 'latin1')
            image.write(file, [bytes], step.at)
            for (let i = 0; i < bytes.length; i++) touched.add(step.at + i)
          }
        }
        image.losePower()
        const after = image.contentOf('d/f')
        expect(after.length).toBeGreaterThanOrEqual(safe.length)
        for (let i = 0; i < safe.length; i++) if (!touched.has(i)) expect(after[i]).toBe(safe[i])
      }),
      { numRuns: 200 },
    )
  })
})

describe('disk faults', () => {
  it('full -> ENOSPC after what fits; overwriting still works', () => {
    const image = imageOf(1)
    folderWith('f')(image)
    image.capacityBytes = 4
    const file = image.file('d/f')
    expect(() => image.write(file, [Buffer.from('12345')], 1)).toThrow('ENOSPC')
    expect(image.contentOf('d/f').toString()).toBe('f123')
    image.write(file, [Buffer.from('WXYZ')], 0)
    expect(image.contentOf('d/f').toString()).toBe('WXYZ')
  })

  it('failing write -> EIO and a part of the bytes; flipped bit -> survives the power', () => {
    const image = imageOf(1)
    folderWith('f')(image)
    image.failWrites(1)
    expect(() => image.write(image.file('d/f'), [Buffer.from('12345')], 1)).toThrow('EIO')
    image.flipBit('d/f', 0, 1)
    image.losePower()
    expect(image.contentOf('d/f').toString()[0]).toBe('d')
  })
})

describe('disk of a simulated host', () => {
  it('synced before the answer, crash at any time -> everything answered is there', async () => {
    for (let seed = 0; seed < 40; seed++) {
      const world = new World({ seed })
      const host = world.host('a')
      let answered = 0
      const program = async (): Promise<void> => {
        const { disk } = host.runtime
        await disk.makeFolder('data')
        await disk.syncFolder('/')
        const file = await disk.open('data/log', { create: true })
        await disk.syncFolder('data')
        for (let i = 0; ; i++) {
          await file.write([Buffer.from([i])], i)
          await file.sync()
          answered = i + 1
        }
      }
      void program()
      await world.runFor(5 + world.random.below(60))
      const before = answered
      host.crash()
      const { disk } = host.restart()
      if (before === 0) continue
      const found = await world.settle(disk.readFile('data/log'))
      expect(found.length).toBeGreaterThanOrEqual(before)
      for (let i = 0; i < before; i++) expect(found[i]).toBe(i)
      expect(answered).toBe(before)
    }
  })

  it('killed process, power stays -> what was written is there; the lock is free', async () => {
    const world = new World({ seed: 1 })
    const host = world.host('a')
    const { disk } = host.runtime
    await world.settle(disk.lockFolder('data'))
    const file = await world.settle(disk.open('data/f', { create: true }))
    await world.settle(file.write([Buffer.from('unsynced')], 0))
    host.crash('process')
    const next = host.restart().disk
    await world.settle(next.lockFolder('data'))
    expect((await world.settle(next.readFile('data/f'))).toString()).toBe('unsynced')
  })

  it('wiped -> empty', async () => {
    const world = new World({ seed: 1 })
    const host = world.host('a')
    await world.settle(host.runtime.disk.makeFolder('data/1'))
    host.crash()
    host.disk.wipe()
    expect(await world.settle(host.restart().disk.list('/'))).toEqual([])
  })
})
