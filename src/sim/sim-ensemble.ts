import { Client } from '../client/client.ts'
import { BrokenInvariant } from '../runtime/assert.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { standardAccess } from '../server/config/access-settings.ts'
import { describeMembership, type ServerConfig } from '../server/config/server-config.ts'
import { Server, type ServerOptions } from '../server/server.ts'
import type { ServerObserver } from '../server/server-observer.ts'
import type { SimHost } from './sim-host.ts'
import { World, type WorldOptions } from './world.ts'

export interface SimEnsembleOptions extends WorldOptions {
  /** How many servers. */
  servers: number
  /** Their ids begin here, by default with 1; the host of server 1 is `s1`, and so on. */
  firstId?: number
  /** What differs from the usual settings of a simulated server. */
  config?: Partial<ServerConfig>
  /** How their files are cut. */
  storage?: NonNullable<ServerOptions['storage']>
  /** Made once for each life of a server. */
  observer?: (id: number) => ServerObserver
  /** What a server or client is given in place of its host's own runtime: for who counts, or changes, what passes through. */
  wrapRuntime?: (runtime: Runtime) => Runtime
  /** A server has stopped by itself, and its process ends. By default that ends the run. */
  onServerStopped?: (id: number, error: unknown) => void
}

/** A client on a host of its own. */
export interface SimClientOptions {
  /** Ids of the servers that it knows; all when left out. */
  servers?: readonly number[]
  sessionTimeoutMs?: number
  exactlyOnce?: boolean
}

const clientPort = 2181
const peerPort = 3181
const leaderPort = 4181

/** How long a process that failed may put in order what it can before it ends, as in `zkserver`. */
const lastWorkMs = 800

interface RunningServer {
  readonly server: Server
  readonly host: SimHost
  /** Of the host, when the server was started. */
  readonly life: number
}

/** Whole servers, with their client ports, and clients with the real library, in one simulated world. */
export class SimEnsemble {
  readonly world: World
  readonly ids: readonly number[]
  /** As in the options. */
  onServerStopped: ((id: number, error: unknown) => void) | null
  readonly #servers = new Map<number, RunningServer>()
  /** Servers with a configuration file of their own, in place of the one that all share. */
  readonly #ownConfigs = new Map<number, (shared: ServerConfig) => ServerConfig>()
  readonly #options: SimEnsembleOptions
  #clients = 0

  constructor(options: SimEnsembleOptions) {
    this.world = new World(options)
    this.ids = Array.from({ length: options.servers }, (_, i) => i + (options.firstId ?? 1))
    this.#options = options
    this.onServerStopped = options.onServerStopped ?? null
  }

  host(id: number): SimHost {
    return this.world.host(`s${id}`)
  }

  /** The running server of this id. */
  server(id: number): Server {
    const running = this.#running(id)
    if (running === null) throw new Error(`server ${id} is not running`)
    return running.server
  }

  get running(): number[] {
    return [...this.#servers.keys()].filter((id) => this.#running(id) !== null)
  }

  /** Whether this server runs and takes part in a reign. */
  serves(id: number): boolean {
    return this.#running(id)?.server.status().replica.serving ?? false
  }

  /** From its next start on a server reads a configuration file of its own; null: the shared one again. */
  configure(id: number, change: ((shared: ServerConfig) => ServerConfig) | null): void {
    if (change === null) this.#ownConfigs.delete(id)
    else this.#ownConfigs.set(id, change)
  }

  /** What this server reads when it starts. */
  configOf(id: number): ServerConfig {
    const shared = this.#sharedConfig(id)
    return this.#ownConfigs.get(id)?.(shared) ?? shared
  }

  /** Starts servers on their hosts, all when none are named. */
  start(...ids: number[]): void {
    const { observer, storage } = this.#options
    for (const id of ids.length === 0 ? this.ids : ids) {
      const host = this.host(id)
      const { runtime, life } = host
      let failed = false
      const onFatal = (error: unknown): void => {
        if (!runtime.alive || failed) return
        failed = true
        this.#servers.delete(id)
        this.#stoppedByItself(id, error, server)
      }
      const server = new Server(this.#wrapped(runtime), this.configOf(id), {
        onFatal,
        observer: observer?.(id),
        ...(storage === undefined ? {} : { storage }),
      })
      this.#servers.set(id, { server, host, life })
      server.start().catch(onFatal)
    }
  }

  /** Stops a server in an orderly way. */
  async stop(id: number): Promise<void> {
    await this.world.settle(this.beginStop(id))
  }

  /** Asks a server to stop. Resolves when its process has ended; for those who act while the world runs. */
  beginStop(id: number): Promise<void> {
    const server = this.server(id)
    this.#servers.delete(id)
    return this.#endProcess(this.host(id), server.stop())
  }

  /** Power failure (unsynced writes may be lost), or the death of the process alone. */
  crash(id: number, how: 'power' | 'process' = 'power'): void {
    this.#servers.delete(id)
    this.host(id).crash(how)
  }

  restart(...ids: number[]): void {
    for (const id of ids) {
      this.host(id).restart()
      this.start(id)
    }
  }

  /** Empties the data directory of a server that is down. */
  wipe(id: number): void {
    this.host(id).disk.wipe()
  }

  /** Cuts a server off from the other servers; clients still reach it. */
  isolate(id: number, mode: 'reset' | 'blackhole' = 'reset'): void {
    for (const other of this.ids) if (other !== id) this.world.network.cut(`s${id}`, `s${other}`, mode)
  }

  /** A client on a host of its own, not yet connected. It knows the given servers, all when none are named. */
  client(options: SimClientOptions = {}): Client {
    this.#clients++
    const { runtime } = this.world.host(`c${this.#clients}`)
    const servers = (options.servers ?? this.ids).map((id) => ({ host: `s${id}`, port: clientPort }))
    const { sessionTimeoutMs = 10_000, exactlyOnce } = options
    return new Client({ servers, runtime: this.#wrapped(runtime), sessionTimeoutMs, exactlyOnce })
  }

  #wrapped(runtime: Runtime): Runtime {
    return this.#options.wrapRuntime?.(runtime) ?? runtime
  }

  async connectedClient(options: SimClientOptions = {}): Promise<Client> {
    const client = this.client(options)
    await this.world.settle(client.connect({ timeoutMs: 60_000 }))
    return client
  }

  /** The server that leads an established reign; -1 when there is none. Of two that think so, the one of the later epoch. */
  get leader(): number {
    let leader = -1
    let epoch = -1
    for (const id of this.running) {
      const { replica } = this.server(id).status()
      if (replica.state === 'leading' && replica.epoch > epoch) {
        leader = id
        epoch = replica.epoch
      }
    }
    return leader
  }

  /** Runs until these servers, all when none are named, serve in one reign. */
  async untilServing(...ids: number[]): Promise<void> {
    const wanted = ids.length === 0 ? this.ids : ids
    await this.world.run({ until: () => this.serveInOneReign(wanted), limitMs: 120_000 })
  }

  async untilLeader(id: number): Promise<void> {
    await this.world.run({ until: () => this.leader === id, limitMs: 120_000 })
  }

  /** Runs until all running servers have applied the same history, and says its digest. Throws when the digests differ. */
  async converge(): Promise<string> {
    await this.untilServing(...this.running)
    await this.world.run({ until: () => new Set(this.#zxids()).size === 1, limitMs: 120_000 })
    const digests = new Map(this.running.map((id) => [id, this.server(id).digest()]))
    const [digest] = digests.values()
    if (digest === undefined) throw new Error('no server runs')
    if (new Set(digests.values()).size > 1) {
      throw new Error(`equal histories, different states: ${JSON.stringify(Object.fromEntries(digests))}`)
    }
    return digest
  }

  #running(id: number): RunningServer | null {
    const running = this.#servers.get(id)
    return running?.host.up && running.host.life === running.life ? running : null
  }

  #stoppedByItself(id: number, error: unknown, server: Server): void {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
    if (this.onServerStopped === null) {
      this.world.fail(new Error(`server ${id} stopped: ${reason}`))
      return
    }
    this.host(id).note('stopped by itself', reason.split('\n')[0])
    void this.#endProcess(this.host(id), server.stop())
    this.onServerStopped(id, error)
  }

  /** At once when it has put everything in order, otherwise when its time is over. */
  #endProcess(host: SimHost, stopped: Promise<void>): Promise<void> {
    const { life, world } = host
    return new Promise((resolve) => {
      const end = (): void => {
        if (host.up && host.life === life) host.crash('process')
        resolve()
      }
      stopped.then(end, (error: unknown) => {
        // A disk that failed may fail again here; a broken rule is never to be expected.
        if (error instanceof BrokenInvariant) world.fail(error)
        end()
      })
      world.at(world.nowMs + lastWorkMs, end)
    })
  }

  #zxids(): number[] {
    return this.running.map((id) => this.server(id).status().replica.appliedZxid)
  }

  /** Whether all of these servers serve, in the same reign. */
  serveInOneReign(ids: readonly number[]): boolean {
    const states = ids.map((id) => this.#running(id)?.server.status().replica)
    return states.every((status) => status?.serving === true && status.epoch === states[0]?.epoch)
  }

  #sharedConfig(id: number): ServerConfig {
    const servers = this.ids.map((server) => ({
      id: server,
      host: `s${server}`,
      clientPort,
      clientHost: `s${server}`,
      peerPort,
      leaderPort,
    }))
    return {
      serverId: id,
      servers,
      standalone: false,
      membership: describeMembership(servers),
      format: 'table',
      dataDir: '/data',
      serverDir: `/data/${id}`,
      clientPort,
      clientHost: `s${id}`,
      tickTimeMs: 500,
      initLimitTicks: 20,
      syncLimitTicks: 5,
      minSessionTimeoutMs: 1000,
      maxSessionTimeoutMs: 20_000,
      maxClientCnxns: 0,
      maxCnxns: 0,
      sessionlessCnxnTimeoutMs: 10_000,
      globalOutstandingLimit: 1000,
      snapCount: 100,
      juteMaxBuffer: 1024 * 1024,
      extendedTypesEnabled: true,
      reapIntervalMs: 1000,
      reapedPerMinuteMax: 10_000,
      neverUsedContainerMs: 300_000,
      fourLetterWords: '*',
      access: standardAccess,
      enforceQuota: true,
      heartbeatMs: 100,
      peerTimeoutMs: 1000,
      leaderPreemption: true,
      replication: 'passive',
      resync: 'auto',
      ...this.#options.config,
    }
  }
}
