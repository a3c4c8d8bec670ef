import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Ensemble } from './harness/ensemble.ts'
import type { EnsembleServer } from './harness/ensemble-server.ts'
import { serverKind } from './harness/server-kind.ts'

describe.skipIf(serverKind.name !== 'Banyan')('refused start', () => {
  test.each([
    ['client', 'clientPort'],
    ['peer', 'peerPort'],
    ['leader', 'leaderPort'],
  ] as const)('the %s port is in use -> exit 1, the port is named', async (name, key) => {
    const ensemble = await Ensemble.prepare()
    const server = ensemble.server(2)
    const port = server.member[key]
    await occupy(port)
    expect(await startAndEnd(server)).toBe(1)
    expect(server.log).toMatch(new RegExp(`${name} port .*:${port}.*in use`))
  })

  test('a wrong line in the config -> exit 2, file, line, found and expected are told, and no port was tried', async () => {
    const ensemble = await Ensemble.prepare()
    const server = ensemble.server(1)
    const file = join(ensemble.folder, 'config.txt')
    const lines = (await readFile(file, 'utf8')).split('\n')
    lines[2] = '2 127.0.0.1 twenty 3182 4182'
    await writeFile(file, lines.join('\n'))
    // Had it tried to bind one, the complaint would be about the port.
    for (const port of [server.member.clientPort, server.member.peerPort, server.member.leaderPort]) {
      await occupy(port)
    }
    expect(await startAndEnd(server)).toBe(2)
    expect(server.log).toContain('config.txt:3')
    expect(server.log).toContain('twenty')
    expect(server.log).not.toContain('in use')
  })

  test('the data directory of another server -> exit 1, both ids are told', async () => {
    const ensemble = await Ensemble.start()
    await ensemble.killAll()
    const [one, two] = [1, 2].map((id) => join(ensemble.folder, 'data', String(id)))
    await rm(one ?? '', { recursive: true })
    await rename(two ?? '', one ?? '')
    expect(await startAndEnd(ensemble.server(1))).toBe(1)
    expect(ensemble.server(1).log).toMatch(/data\/1\b.*server 2\b/)
  })

  test('the data directory of another ensemble -> exit 1, said; the ensemble goes on without that server', async () => {
    const [ensemble, foreign] = await Promise.all([Ensemble.start(), Ensemble.start()])
    await foreign.killAll()
    const three = ensemble.server(3)
    await three.kill()
    await rm(join(ensemble.folder, 'data/3'), { recursive: true })
    await rename(join(foreign.folder, 'data/3'), join(ensemble.folder, 'data/3'))
    expect(await startAndEnd(three)).toBe(1)
    expect(three.log).toMatch(/belongs to ensemble [0-9a-f]{32}.*data directory/)
    const client = await ensemble.client()
    expect(await client.create('/still', 'serving')).toBe('/still')
  })

  test('the data directory of a newer version -> exit 1, both versions are told', async () => {
    const ensemble = await Ensemble.start({ count: 1 })
    await ensemble.killAll()
    await makeNewer(join(ensemble.folder, 'data/1/state'))
    const before = await readFile(join(ensemble.folder, 'data/1/state'), 'utf8')
    expect(await startAndEnd(ensemble.server(1))).toBe(1)
    expect(ensemble.server(1).log).toMatch(/data\/1\/state.*version 99\b/)
    expect(await readFile(join(ensemble.folder, 'data/1/state'), 'utf8')).toBe(before)
  })

  test('the data directory is in use by the same server, running -> exit 1, the first one goes on', async () => {
    const ensemble = await Ensemble.start({ count: 1 })
    const file = join(ensemble.folder, 'config.txt')
    const moved = (await readFile(file, 'utf8')).replace(/^1 .*$/m, '1 127.0.0.1 9991 9992 9993')
    await writeFile(file, moved)
    const second = ensemble.second(1)
    expect(await startAndEnd(second)).toBe(1)
    expect(second.log).toMatch(/data\/1\b/)
    expect(await ensemble.server(1).mode()).not.toBeNull()
  })
})

async function startAndEnd(server: EnsembleServer): Promise<number | null> {
  server.start()
  return (await server.child.ended).code
}

function occupy(port: number): Promise<void> {
  const listening = createServer()
  onTestFinished(() => {
    listening.close()
  })
  return new Promise((resolve) => listening.listen(port, '127.0.0.1', resolve))
}

/** Says so in the state file, whose last line is the checksum of what is above it. */
async function makeNewer(file: string): Promise<void> {
  const text = await readFile(file, 'utf8')
  const newer = text
    .slice(0, text.lastIndexOf('crc32 '))
    .replace(/"formatVersion": \d+/, '"formatVersion": 99')
  await writeFile(file, `${newer}crc32 ${crc32(newer).toString(16).padStart(8, '0')}\n`)
}
