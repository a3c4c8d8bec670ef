import { randomInt } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fourLetterWord } from '../../src/client/index.ts'

export const serverIds = [1, 2, 3] as const

/** Three servers with ports and data of their own, so that nothing that runs on this machine is disturbed. */
export interface DemoEnsemble {
  readonly folder: string
  readonly configFile: string
  /** The address of the client port, by server id. */
  readonly addresses: ReadonlyMap<number, string>
}

export async function makeEnsemble(): Promise<DemoEnsemble> {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-three-terminals-'))
  const configFile = join(folder, 'three.txt')
  const addresses = new Map<number, string>()
  const lines = ['# id  host       client  peer   leader']
  const ports = await freePorts(serverIds.length * 3)
  for (const id of serverIds) {
    const [client, peer, leader] = ports.splice(0, 3)
    lines.push(`${id}     127.0.0.1  ${client}   ${peer}  ${leader}`)
    addresses.set(id, `127.0.0.1:${client}`)
  }
  await writeFile(configFile, [...lines, 'dataDir=data', ''].join('\n'))
  return { folder, configFile, addresses }
}

export function removeEnsemble({ folder }: DemoEnsemble): Promise<void> {
  return rm(folder, { recursive: true, force: true })
}

/**
 * Which server leads, once one does and all of `running` serve.
 *
 * @param signal aborts the wait
 */
export async function waitForLeader(
  { addresses }: DemoEnsemble,
  running: readonly number[],
  signal: AbortSignal,
): Promise<number> {
  const timeout = AbortSignal.timeout(15_000)
  while (!timeout.aborted) {
    signal.throwIfAborted()
    const modes = await Promise.all(running.map((id) => modeOf(addresses.get(id) ?? '')))
    const leader = running.find((_id, i) => modes[i] === 'leader')
    if (leader !== undefined && modes.every((mode) => mode !== null)) return leader
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`no leader among servers ${running.join(', ')} within 15 s`)
}

/** Null while it does not serve. */
async function modeOf(address: string): Promise<string | null> {
  const answer = await fourLetterWord(address, 'srvr', { timeoutMs: 1000 }).catch(() => '')
  return /^Mode: (\w+)$/m.exec(answer)?.[1] ?? null
}

/** Below the range from which the system draws the near ends of connections, so that a server finds its port again. */
async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>()
  while (found.size < count) {
    const port = randomInt(10_000, 32_000)
    if (await isFree(port)) found.add(port)
  }
  return [...found]
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
