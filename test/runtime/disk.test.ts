import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Disk } from '../../src/runtime/disk.ts'
import { type TriedWorld, worlds } from './worlds.ts'

describe.each(Object.keys(worlds))('disk of the %s runtime', (name) => {
  let world: TriedWorld
  let disk: Disk
  let at: (path: string) => string

  beforeEach(async () => {
    world = await (worlds[name] as () => Promise<TriedWorld>)()
    disk = world.runtime.disk
    at = (path) => `${world.folder}/${path}`
  })
  afterEach(() => world.close())

  const tried = (work: () => Promise<void>): Promise<void> => world.wait(work())
  async function put(path: string, text: string): Promise<void> {
    const file = await disk.open(at(path), { create: true })
    await file.write([Buffer.from(text)], 0)
    await file.close()
  }

  it('write: pieces one behind the other at a position -> read back, also across a hole', () =>
    tried(async () => {
      const file = await disk.open(at('a'), { create: true })
      await file.write([Buffer.from('one'), Buffer.alloc(0), Buffer.from('two')], 4)
      await file.write([Buffer.from('XY')], 6)
      await file.sync()
      expect(await file.size()).toBe(10)
      expect((await file.read(0, 100)).toString('latin1')).toBe('\0\0\0\0onXYwo')
      expect((await file.read(6, 2)).toString()).toBe('XY')
      expect((await file.read(50, 10)).length).toBe(0)
      await file.close()
      expect((await disk.readFile(at('a'))).length).toBe(10)
    }))

  it('write: more pieces than the system takes in one call -> all of them', () =>
    tried(async () => {
      const pieces = Array.from({ length: 3_000 }, (_, i) => Buffer.from([i & 0xff, i >> 8]))
      const file = await disk.open(at('many'), { create: true })
      await file.write(pieces, 0)
      await file.close()
      expect((await disk.readFile(at('many'))).equals(Buffer.concat(pieces))).toBe(true)
    }))

  it('write: the lent pieces change after it resolved -> the file does not', () =>
    tried(async () => {
      const bytes = Buffer.from('kept')
      const file = await disk.open(at('lent'), { create: true })
      await file.write([bytes], 0)
      bytes.fill(0)
      expect((await file.read(0, 4)).toString()).toBe('kept')
      await file.close()
    }))

  it('truncate: shorter and longer -> zeros where it grew', () =>
    tried(async () => {
      const file = await disk.open(at('t'), { create: true })
      await file.write([Buffer.from('abcdef')], 0)
      await file.truncate(2)
      await file.truncate(4)
      expect((await file.read(0, 9)).toString('latin1')).toBe('ab\0\0')
      await file.close()
    }))

  it('open: missing without create -> ENOENT; existing with create -> its content stays', () =>
    tried(async () => {
      await expect(disk.open(at('no'), { create: false })).rejects.toMatchObject({ code: 'ENOENT' })
      await expect(disk.open(at('no/file'), { create: true })).rejects.toMatchObject({ code: 'ENOENT' })
      await put('yes', 'content')
      const file = await disk.open(at('yes'), { create: true })
      expect(await file.size()).toBe(7)
      await file.close()
    }))

  it('use after close -> EBADF', () =>
    tried(async () => {
      const file = await disk.open(at('c'), { create: true })
      await file.close()
      await expect(file.sync()).rejects.toMatchObject({ code: 'EBADF' })
    }))

  it('list: sorted; a missing folder -> empty', () =>
    tried(async () => {
      for (const path of ['b', 'c', 'a']) await put(path, path)
      await disk.makeFolder(at('deep/er'))
      await disk.makeFolder(at('deep/er'))
      expect(await disk.list(world.folder)).toEqual(['a', 'b', 'c', 'deep'])
      expect(await disk.list(at('deep'))).toEqual(['er'])
      expect(await disk.list(at('nowhere'))).toEqual([])
    }))

  it('rename: replaces its target; a missing source -> ENOENT', () =>
    tried(async () => {
      await put('old', 'old')
      await put('new', 'new')
      await disk.rename(at('new'), at('old'))
      await disk.syncFolder(world.folder)
      expect(await disk.list(world.folder)).toEqual(['old'])
      expect((await disk.readFile(at('old'))).toString()).toBe('new')
      await expect(disk.rename(at('new'), at('x'))).rejects.toMatchObject({ code: 'ENOENT' })
    }))

  it('removal: a file; a missing one -> ENOENT; a whole folder, also a missing one', () =>
    tried(async () => {
      await disk.makeFolder(at('f/g'))
      await put('f/1', 'x')
      await put('f/g/2', 'x')
      await put('alone', 'x')
      await disk.removeFile(at('alone'))
      await expect(disk.removeFile(at('alone'))).rejects.toMatchObject({ code: 'ENOENT' })
      await disk.removeFolder(at('f'))
      await disk.removeFolder(at('f'))
      expect(await disk.list(world.folder)).toEqual([])
      await expect(disk.readFile(at('f/1'))).rejects.toMatchObject({ code: 'ENOENT' })
    }))

  it('a removed file that is still open -> goes on being readable', () =>
    tried(async () => {
      await put('gone', 'still')
      const file = await disk.open(at('gone'), { create: false })
      await disk.removeFile(at('gone'))
      expect((await file.read(0, 10)).toString()).toBe('still')
      await file.close()
    }))

  it('usedBytes: all files below; missing -> 0', () =>
    tried(async () => {
      await disk.makeFolder(at('u/v'))
      await put('u/1', '12345')
      await put('u/v/2', '123')
      expect(await disk.usedBytes(at('u'))).toBe(8)
      expect(await disk.usedBytes(at('u/1'))).toBe(5)
      expect(await disk.usedBytes(at('none'))).toBe(0)
    }))

  it('lockFolder: held -> ELOCKED naming the holder; other folders are free; let go -> free again', () =>
    tried(async () => {
      const letGo = await disk.lockFolder(at('one'))
      await expect(disk.lockFolder(at('one'))).rejects.toMatchObject({
        code: 'ELOCKED',
        message: expect.stringContaining('this process'),
      })
      const letGoOther = await disk.lockFolder(at('two'))
      await letGo()
      await letGoOther()
      await (await disk.lockFolder(at('one')))()
    }))
})
