import { describe, expect, it } from 'vitest'
import { SnapshotReader, SnapshotWriter } from '../../src/storage/snapshot-file.ts'
import { drawFrom, MemoryDisk } from './memory-disk.ts'

const MiB = 1024 * 1024

describe('snapshot file', () => {
  it('a piece of many megabytes -> written as chunks of one at most, and read back as it was', async () => {
    const disk = new MemoryDisk()
    await disk.makeFolder('s')
    const written: number[] = []
    const open = disk.open.bind(disk)
    disk.open = async (path, options) => {
      const file = await open(path, options)
      const write = file.write.bind(file)
      file.write = (pieces, position) => {
        written.push(pieces.reduce((sum, piece) => sum + piece.length, 0))
        return write(pieces, position)
      }
      return file
    }
    const piece = Buffer.alloc(5 * MiB + 7)
    for (let i = 0; i < piece.length; i += 1000) piece.writeUInt8((i / 1000) & 0xff, i)
    const writer = await SnapshotWriter.create(disk, 's/snapshot')
    await writer.begin({ zxid: 1, digest: 'd', summary: [{ epoch: 0, lastCounter: 1 }] })
    for (const part of [Buffer.from('first'), Buffer.alloc(0), piece]) await writer.add(part)
    await writer.finish()
    await writer.close()
    expect(Math.max(...written)).toBe(MiB + 8)
    // Header, the first piece, six chunks of the large one, trailer.
    expect(written).toHaveLength(9)
    const reader = await SnapshotReader.open(disk, 's/snapshot')
    const read: Buffer[] = []
    await reader.header()
    for await (const part of reader.chunks()) read.push(Buffer.from(part))
    expect(Buffer.concat([Buffer.from('first'), piece]).equals(Buffer.concat(read))).toBe(true)
    await reader.close()
  })

  it('read by one that lends -> the same, header and chunks, in a buffer that is used over and over', async () => {
    const disk = new MemoryDisk()
    await disk.makeFolder('s')
    const lent = new Set<Buffer | undefined>()
    const open = disk.open.bind(disk)
    disk.open = async (path, options) => {
      const file = await open(path, options)
      const read = file.read.bind(file)
      file.read = (position, length, buffer) => {
        lent.add(buffer)
        return read(position, length, buffer)
      }
      return file
    }
    const header = { zxid: 2 ** 32 + 1, digest: 'd', summary: [{ epoch: 1, lastCounter: 1 }] }
    const draw = drawFrom(7)
    const parts = Array.from({ length: 60 }, () => Buffer.alloc(1 + draw(200_000), 1 + draw(255)))
    const writer = await SnapshotWriter.create(disk, 's/snapshot')
    await writer.begin(header)
    for (const part of parts) await writer.add(part)
    await writer.finish()
    await writer.close()
    const reader = await SnapshotReader.open(disk, 's/snapshot', { lends: true })
    const headerRead = await reader.header()
    const read: Buffer[] = []
    for await (const part of reader.chunks()) read.push(Buffer.from(part))
    await reader.close()
    expect(headerRead).toEqual(header)
    expect(Buffer.concat(parts).equals(Buffer.concat(read))).toBe(true)
    expect(lent.size).toBe(1)
    expect(lent.has(undefined)).toBe(false)
  })
})
