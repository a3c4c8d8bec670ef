import { execFile } from 'node:child_process'
import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { fourLetterWord } from '../../src/client/index.ts'
import { Ensemble } from './harness/ensemble.ts'
import { serverKind } from './harness/server-kind.ts'
import { until } from './harness/until.ts'

const run = promisify(execFile)

/** A small file system at this path, or why there is none. Its room is given back with the test. */
async function mountSmall(path: string, megabytes: number): Promise<string | null> {
  await mkdir(path, { recursive: true })
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'banyan-test', path])
  } catch (error) {
    return String(error)
  }
  return null
}

/** Takes all the room that there is. */
async function fill(path: string): Promise<void> {
  const file = await open(path, 'w')
  const piece = Buffer.alloc(64 * 1024, 1)
  try {
    for (;;) await file.write(piece)
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' })
  } finally {
    await file.close()
  }
}

test.skipIf(serverKind.name !== 'Banyan')(
  'full disk: of the leader -> it stands aside and its words say why, the others take writes, and with room again it leads by itself with all of them',
  async (context) => {
    const ensemble = await Ensemble.prepare({ settings: { leaderPreemption: 'yes' } })
    const disk = join(ensemble.folder, 'data/3')
    const refusal = await mountSmall(disk, 24)
    // File systems may be mounted by root only.
    if (refusal !== null) return context.skip(`no small file system: ${refusal}`)
    onTestFinished(async () => {
      // Before the folder itself is removed.
      await ensemble.killAll()
      await run('umount', [disk])
    })
    await ensemble.startAll()
    await ensemble.ledBy(3)
    const three = ensemble.server(3)
    const client = await ensemble.client()
    const acknowledged: string[] = []
    const write = async (): Promise<void> => {
      const path = `/n${acknowledged.length}`
      await client.create(path, Buffer.alloc(20_000, 'x')).catch(async (error: unknown) => {
        if ((await client.exists(path)) === null) throw error
      })
      acknowledged.push(path)
    }
    await write()
    await fill(join(disk, 'ballast'))
    await until('the leader to stand aside', async () => {
      await write()
      return three.log.includes('stands aside')
    })
    expect(three.log).toMatch(/stands aside, and acknowledges nothing: .*ENOSPC.*make room on this disk/)
    for (let i = 0; i < 20; i++) await write()
    expect(three.running).toBe(true)
    const address = { host: '127.0.0.1', port: three.member.clientPort }
    expect(await fourLetterWord(address, 'ruok')).toBe('imok')
    expect(await fourLetterWord(address, 'srvr')).toMatch(
      /not currently serving requests\nDisk: .*ENOSPC.*make room/,
    )
    await rm(join(disk, 'ballast'))
    await ensemble.ledBy(3)
    const own = await ensemble.client({ servers: `127.0.0.1:${three.member.clientPort}` })
    const names = new Set((await own.getChildren('/')).map((name) => `/${name}`))
    expect(acknowledged.filter((path) => !names.has(path))).toEqual([])
  },
)
