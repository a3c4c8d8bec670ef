import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { EnsembleServer } from '../processes/harness/ensemble-server.ts'
import { type Settings, zkserverFile } from '../processes/harness/server-kind.ts'
import { until } from '../processes/harness/until.ts'
import { type ChaosNetwork, clientsMachine } from './network/network.ts'

const clockModule = pathToFileURL(join(import.meta.dirname, 'skewed-clock.mjs')).href

/** How the clocks of one machine go. */
export interface ClockState {
  /** What its wall clock is ahead. */
  readonly wallOffsetMs: number
  /** Seconds that its clocks count in one second. */
  readonly rate: number
}

const trueClock: ClockState = { wallOffsetMs: 0, rate: 1 }

/** Real server processes that reach each other, and are reached, only through the network that they are given. */
export class ChaosEnsemble {
  /** With their configuration, data, and everything that they print. */
  readonly folder: string
  readonly network: ChaosNetwork
  readonly servers: readonly EnsembleServer[]
  readonly #clocks = new Map<number, ClockState>()

  private constructor(folder: string, network: ChaosNetwork, servers: readonly EnsembleServer[]) {
    this.folder = folder
    this.network = network
    this.servers = servers
  }

  /** Nothing runs yet. */
  static async prepare(
    network: ChaosNetwork,
    ids: readonly number[],
    settings: Settings,
  ): Promise<ChaosEnsemble> {
    const folder = await mkdtemp(join(tmpdir(), 'banyan-chaos-'))
    for (const id of ids) {
      const lines = ids.map((other) => {
        const { host, clientPort, peerPort, leaderPort } = network.door(id, other)
        return `${other} ${host} ${clientPort} ${peerPort} ${leaderPort}`
      })
      const more = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
      await writeFile(join(folder, `config-${id}.txt`), [...lines, 'dataDir=data', ...more, ''].join('\n'))
    }
    const servers = ids.map((id) => {
      const clock = `${clockModule}?file=${encodeURIComponent(clockFile(folder, id))}`
      const args = ['--import', clock, zkserverFile, String(id), join(folder, `config-${id}.txt`)]
      const command = (): { program: string; args: string[] } => ({ program: process.execPath, args })
      const door = network.door(id, id)
      return new EnsembleServer({ command }, folder, { id, ...door })
    })
    return new ChaosEnsemble(folder, network, servers)
  }

  get ids(): readonly number[] {
    return this.servers.map((server) => server.id)
  }

  server(id: number): EnsembleServer {
    const found = this.servers.find((server) => server.id === id)
    if (found === undefined) throw new Error(`no server ${id}`)
    return found
  }

  /** Where clients find these servers. */
  clientAddresses(ids: readonly number[]): string {
    return ids
      .map((id) => this.network.door(clientsMachine, id))
      .map(({ host, clientPort }) => `${host}:${clientPort}`)
      .join(',')
  }

  /** Whoever says that it leads; null while nobody does. */
  async leader(): Promise<EnsembleServer | null> {
    const modes = await Promise.all(this.servers.map((server) => server.mode()))
    return this.servers.find((_server, i) => modes[i] === 'leader') ?? null
  }

  /** Until all servers serve, one of them as the leader. */
  async settled(timeoutMs: number): Promise<void> {
    await until(
      'all servers to serve under one leader',
      async () => {
        const modes = await Promise.all(this.servers.map((server) => server.mode()))
        if (modes.every((mode) => mode !== null) && modes.filter((mode) => mode === 'leader').length === 1)
          return true
        throw new Error(this.servers.map(({ id }, i) => `${id} ${modes[i] ?? 'does not serve'}`).join(', '))
      },
      timeoutMs,
    )
  }

  /** It starts the next time with nothing. It must not run. */
  async wipe(id: number): Promise<void> {
    if (this.server(id).running) throw new Error(`server ${id} runs`)
    await rm(join(this.folder, 'data', String(id)), { recursive: true, force: true })
  }

  clock(id: number): ClockState {
    return this.#clocks.get(id) ?? trueClock
  }

  async setClock(id: number, clock: ClockState): Promise<void> {
    this.#clocks.set(id, clock)
    await writeFile(clockFile(this.folder, id), JSON.stringify(clock))
  }

  async killAll(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.kill()))
  }

  /** Removes the folder. All servers must have been ended. */
  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }
}

const clockFile = (folder: string, id: number): string => join(folder, `clock-${id}.json`)
