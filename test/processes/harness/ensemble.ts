import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFailed, onTestFinished } from 'vitest'
import { Client, type ClientOptions } from '../../../src/client/index.ts'
import { EnsembleServer } from './ensemble-server.ts'
import { freePorts } from './free-ports.ts'
import { type Settings, serverKind } from './server-kind.ts'
import { Hopeless, until } from './until.ts'

/** Short ticks, so that sessions may be short; generous limits, so that a busy machine is not taken for a dead server. */
const testSettings: Settings = {
  tickTime: 200,
  initLimit: 50,
  syncLimit: 50,
  maxSessionTimeout: 40_000,
  peerTimeout: 4000,
  '4lw.commands.whitelist': '*',
}

export interface EnsembleOptions {
  /** How many servers. Default: 3. */
  readonly count?: number
  readonly settings?: Settings
}

/**
 * An ensemble of real server processes on 127.0.0.1, with ports and data of its own. It ends with the test that made it; when
 * that fails, what the servers have printed is shown.
 */
export class Ensemble {
  readonly folder: string
  readonly servers: readonly EnsembleServer[]
  /** Kept beyond the folder, because failures are told after the end. */
  #lastWords = ''
  readonly #seconds: EnsembleServer[] = []

  private constructor(folder: string, servers: readonly EnsembleServer[]) {
    this.folder = folder
    this.servers = servers
  }

  /** Nothing runs yet. */
  static async prepare(options: EnsembleOptions = {}): Promise<Ensemble> {
    const ensemble = await Ensemble.#make(options)
    onTestFinished(() => ensemble.end())
    onTestFailed(() => ensemble.#tell())
    return ensemble
  }

  /** For the tests of a whole file: all servers run and serve, until `end` is called. */
  static async startShared(options: EnsembleOptions = {}): Promise<Ensemble> {
    const ensemble = await Ensemble.#make(options)
    try {
      await ensemble.startAll()
    } catch (error) {
      await ensemble.end()
      ensemble.#tell()
      throw error
    }
    return ensemble
  }

  static async #make(options: EnsembleOptions): Promise<Ensemble> {
    const fault = serverKind.missing()
    if (fault !== null) throw new Error(`${serverKind.name} cannot be run: ${fault}`)
    const { count = 3, settings = {} } = options
    const ports = await freePorts(count * 3)
    const [clientPorts, peerPorts, leaderPorts] = [0, 1, 2].map((i) =>
      ports.slice(i * count, (i + 1) * count),
    )
    const members = Array.from({ length: count }, (_, i) => ({
      id: i + 1,
      clientPort: clientPorts?.[i] ?? 0,
      peerPort: peerPorts?.[i] ?? 0,
      leaderPort: leaderPorts?.[i] ?? 0,
    }))
    const folder = await mkdtemp(join(tmpdir(), 'banyan-processes-'))
    await serverKind.prepare(folder, members, { ...testSettings, ...settings })
    return new Ensemble(
      folder,
      members.map((member) => new EnsembleServer(serverKind, folder, member)),
    )
  }

  /** All servers run and serve. */
  static async start(options: EnsembleOptions = {}): Promise<Ensemble> {
    const ensemble = await Ensemble.prepare(options)
    await ensemble.startAll()
    return ensemble
  }

  async startAll(): Promise<void> {
    for (const server of this.servers) if (!server.running) server.start()
    await this.settled()
  }

  get addresses(): string {
    return this.servers.map((server) => server.address).join(',')
  }

  server(id: number): EnsembleServer {
    const found = this.servers.find((server) => server.id === id)
    if (found === undefined) throw new Error(`no server ${id}`)
    return found
  }

  /** The same server a second time, as someone starts it by mistake. */
  second(id: number): EnsembleServer {
    const second = new EnsembleServer(serverKind, this.folder, this.server(id).member)
    this.#seconds.push(second)
    return second
  }

  others(than: EnsembleServer): EnsembleServer[] {
    return this.servers.filter((server) => server !== than)
  }

  /** Until all servers that run serve, one of them as the leader. */
  async settled(): Promise<EnsembleServer> {
    return until('one leader, and followers that serve', async () => {
      const fallen = this.servers.filter((server) => server.fell).map((server) => server.id)
      if (fallen.length > 0) throw new Hopeless(`ended by itself: server ${fallen.join(', ')}`)
      const running = this.servers.filter((server) => server.running)
      const modes = await Promise.all(running.map((server) => server.mode()))
      const lone = this.servers.length === 1
      const leaders = running.filter((_server, i) => modes[i] === 'leader' || (lone && modes[i] !== null))
      return modes.every((mode) => mode !== null) && leaders.length === 1 ? leaders[0] : null
    })
  }

  /** Until this very server leads. */
  async ledBy(id: number): Promise<void> {
    await until(`server ${id} to lead`, async () => (await this.settled()).id === id)
  }

  /** A client that is closed with the test. It talks to all servers, unless told otherwise. */
  async client(options: ClientOptions = {}): Promise<Client> {
    const client = new Client({ servers: this.addresses, sessionTimeoutMs: 30_000, ...options })
    onTestFinished(() => client.close())
    await client.connect()
    return client
  }

  async killAll(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.kill()))
  }

  #tell(): void {
    console.error(this.#lastWords)
  }

  /** Only for a shared one: others end with their test. */
  async end(): Promise<void> {
    await Promise.all([...this.servers, ...this.#seconds].map((server) => server.kill()))
    this.#lastWords = this.servers
      .map((server) => `--- what server ${server.id} printed\n${server.log.slice(-8000)}`)
      .join('\n')
    await rm(this.folder, { recursive: true, force: true })
  }
}
