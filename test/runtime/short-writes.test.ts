import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { nodeDisk } from '../../src/runtime/node-disk.ts'

/** How much the system takes of each write that is asked for; the rest it leaves. */
const takes = vi.hoisted(() => ({ next: (wanted: number): number => wanted }))

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>()
  const writev = (
    fd: number,
    pieces: readonly Uint8Array[],
    position: number,
    done: (error: Error | null, written: number) => void,
  ): void => {
    const bytes = Buffer.concat(pieces)
    fs.write(fd, bytes, 0, takes.next(bytes.length), position, done)
  }
  return { ...fs, writev }
})

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'banyan-short-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function write(pieces: Uint8Array[]): Promise<Buffer> {
  const file = await nodeDisk.open(join(folder, 'file'), { create: true })
  try {
    await file.write(pieces, 3)
    return await file.read(3, 1_000_000)
  } finally {
    await file.close()
  }
}

const manyPieces = Array.from({ length: 2_500 }, (_, i) => Buffer.from([i & 0xff, i >> 8, 7]))

test('write: the system takes less than it is given, in the midst of a piece and between two -> all is written', async () => {
  for (const most of [1, 3, 1_000, 3_072, 5_000]) {
    takes.next = (wanted) => Math.min(wanted, most)
    const pieces = most === 1 ? manyPieces.slice(0, 50) : manyPieces
    expect((await write(pieces)).equals(Buffer.concat(pieces)), `${most} bytes at most`).toBe(true)
  }
})

test('write: the system takes nothing -> EIO that says so, instead of asking for ever', async () => {
  let calls = 0
  takes.next = (wanted) => (calls++ === 0 ? wanted : 0)
  await expect(write(manyPieces)).rejects.toMatchObject({
    code: 'EIO',
    message: 'the system wrote 0 of 3072 bytes',
  })
})
