import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockFolder } from '../../src/runtime/folder-lock.ts'

const modulePath = fileURLToPath(new URL('../../src/runtime/folder-lock.ts', import.meta.url))

/** Takes the lock, says how that went, and stays. */
const holder = `
  import { lockFolder } from ${JSON.stringify(modulePath)}
  lockFolder(process.argv[1]).then(() => console.log('held'), (error) => console.log(error.message))
  setTimeout(() => {}, 60_000)
`

describe('folder lock', () => {
  let folder: string
  const children: ReturnType<typeof spawn>[] = []

  beforeEach(async () => {
    folder = await mkdtemp(`${tmpdir()}/banyan-lock-`)
  })
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
    await rm(folder, { recursive: true })
  })

  async function startHolder(): Promise<{ child: ReturnType<typeof spawn>; said: string }> {
    const args = ['--import', 'tsx', '--input-type=module', '-e', holder, folder]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    const said = await new Promise<string>((resolve) => child.stdout?.once('data', (d) => resolve(String(d))))
    return { child, said: said.trim() }
  }

  async function kill(child: ReturnType<typeof spawn>): Promise<void> {
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
  }

  it('held by another live process -> refused, naming its pid; killed outright -> free', async () => {
    const { child, said } = await startHolder()
    expect(said).toBe('held')
    await expect(lockFolder(folder)).rejects.toThrow(`process ${child.pid}`)
    await kill(child)
    const letGo = await lockFolder(folder)
    expect(await readdir(folder)).toHaveLength(1)
    await letGo()
    expect(await readdir(folder)).toEqual([])
  })

  it('a file of the same pid from before (another start, another boot) -> does not count, is cleared away', async () => {
    await writeFile(`${folder}/lock.${process.pid}.1.00000000.aaaa`, '')
    await writeFile(`${folder}/lock.${process.pid}.1.${'f'.repeat(8)}.bbbb`, '')
    await writeFile(`${folder}/state`, 'not a lock')
    await (await lockFolder(folder))()
    expect(await readdir(folder)).toEqual(['state'])
  })

  it('cannot be let go of while the disk is broken -> free for the same process when it is mended', async () => {
    const letGo = await lockFolder(folder)
    await rename(folder, `${folder}-away`)
    await writeFile(folder, 'no folder')
    await expect(letGo()).rejects.toThrow('ENOTDIR')
    await rm(folder)
    await rename(`${folder}-away`, folder)
    expect(await readdir(folder)).toHaveLength(1)
    await (await lockFolder(folder))()
    expect(await readdir(folder)).toEqual([])
  })

  it('many at the same instant over a dead holder -> never two get it, and the dead one is cleared away', async () => {
    for (let round = 0; round < 5; round++) {
      await writeFile(`${folder}/lock.999999999.1.00000000.dead`, '')
      const outcomes = await Promise.allSettled(Array.from({ length: 3 }, () => lockFolder(folder)))
      const winners = outcomes.filter((outcome) => outcome.status === 'fulfilled')
      expect(winners.length).toBeLessThanOrEqual(1)
      for (const winner of winners) await winner.value()
      expect(await readdir(folder)).toEqual([])
    }
  })
})
