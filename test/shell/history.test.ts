import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nodeRuntime } from '../../src/runtime/node-runtime.ts'
import { History, historyFolder } from '../../src/shell/history.ts'

describe('history', () => {
  let folder = ''
  const { disk } = nodeRuntime()
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'banyan-history-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  test('lines of one run are there in the next, the folder is made', async () => {
    const first = new History(disk, `${folder}/state/banyan`)
    expect(await first.load()).toEqual([])
    void first.add('ls')
    await first.add('get /a')
    expect(await new History(disk, `${folder}/state/banyan`).load()).toEqual(['ls', 'get /a'])
  })

  test('a long file is cut to its newest lines', async () => {
    const file = await disk.open(`${folder}/history`, { create: true })
    const lines = Array.from({ length: 2500 }, (_unused, i) => `get /${i}`)
    await file.write([Buffer.from(lines.map((line) => `${line}\n`).join(''))], 0)
    await file.close()
    const loaded = await new History(disk, folder).load()
    expect([loaded.length, loaded[0], loaded.at(-1)]).toEqual([1000, 'get /1500', 'get /2499'])
    const kept = (await disk.readFile(`${folder}/history`)).toString()
    expect(kept.split('\n')).toHaveLength(1001)
  })

  test('the file is for its owner only, also one that was not; passwords are not in it', async () => {
    const file = `${folder}/history`
    await writeFile(file, 'ls\n', { mode: 0o644 })
    const history = new History(disk, folder)
    await history.add('addauth digest user:secret')
    await history.add('addAuth digest user:secret')
    await history.add('get /a')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await readFile(file, 'utf8')).toBe('ls\nget /a\n')
    const fresh = new History(disk, `${folder}/fresh`)
    await fresh.add('ls')
    expect((await stat(`${folder}/fresh/history`)).mode & 0o777).toBe(0o600)
  })

  test('no folder, or one that cannot be -> a shell without memory', async () => {
    const nowhere = new History(disk, null)
    await nowhere.add('ls')
    expect(await nowhere.load()).toEqual([])
    await (await disk.open(`${folder}/file`, { create: true })).close()
    const impossible = new History(disk, `${folder}/file/below`)
    await impossible.add('ls')
    expect(await impossible.load()).toEqual([])
  })

  test('where: XDG_STATE_HOME when it is absolute, else below the home folder', () => {
    expect(historyFolder({ XDG_STATE_HOME: '/s', HOME: '/h' })).toBe('/s/banyan')
    expect(historyFolder({ XDG_STATE_HOME: 'relative', HOME: '/h' })).toBe('/h/.local/state/banyan')
    expect(historyFolder({})).toBeNull()
  })
})
