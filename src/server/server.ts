import { Replica } from '../replication/replica.ts'
import type { ReplicaStatus } from '../replication/replica-config.ts'
import type { Environment } from '../runtime/environment.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { StorageOptions } from '../storage/storage.ts'
import { Storage } from '../storage/storage.ts'
import { ClientSide } from './client-side.ts'
import type { ServerConfig } from './config/index.ts'
import type { ServerMode } from './four-letter-words/server-view.ts'
import type { ServerObserver } from './server-observer.ts'

export interface ServerOptions {
  /** The server cannot go on: its disk failed, or a rule of the code is broken. It is stopping by itself. */
  onFatal?: (error: unknown) => void
  /** What the server tells of its process. */
  environment?: Environment
  observer?: ServerObserver | undefined
  /** How its files are cut; the defaults of the storage when left out. */
  storage?: Partial<Pick<StorageOptions, 'segmentBytesMax' | 'preallocateBytes' | 'snapshotsKept'>>
}

export interface ServerStatus {
  readonly serverId: number
  /** Null while it does not serve. */
  readonly mode: ServerMode | null
  /** The port that clients are taken on; 0 before that. */
  readonly clientPort: number
  readonly connections: number
  readonly sessions: number
  readonly nodes: number
  readonly replica: ReplicaStatus
}

const beforeStart: ReplicaStatus = {
  state: 'stopped',
  serving: false,
  leader: null,
  epoch: 0,
  promisedEpoch: 0,
  lastZxid: 0,
  commitZxid: 0,
  appliedZxid: 0,
  waitingFor: 'it is starting',
  followers: 0,
  syncedFollowers: 0,
  quorumSize: 0,
  proposalBytes: { last: -1, min: -1, max: -1 },
  refusedConnections: 0,
}

/** One server of an ensemble, in whatever world its runtime gives it. */
export class Server {
  readonly #runtime: Runtime
  readonly #config: ServerConfig
  readonly #onFatal: (error: unknown) => void
  readonly #clients: ClientSide
  readonly #storageOptions: NonNullable<ServerOptions['storage']>
  #storage: Storage | null = null
  #replica: Replica | null = null
  #starting: Promise<void> | null = null
  #stopping: Promise<void> | null = null
  #failed = false

  constructor(runtime: Runtime, config: ServerConfig, options: ServerOptions = {}) {
    this.#runtime = runtime
    this.#config = config
    this.#onFatal = options.onFatal ?? (() => {})
    this.#storageOptions = options.storage ?? {}
    this.#clients = new ClientSide({
      runtime,
      config,
      ...(options.environment === undefined ? {} : { environment: options.environment }),
      observer: options.observer,
      // The replica needs the replicated tree to be made; the tree only needs the replica once that runs.
      replica: {
        sendRequests: (requests) => this.#replica?.sendRequests(requests),
        sendMessage: (message) => this.#replica?.sendMessage(message),
        messageTo: (server, message) => this.#replica?.messageTo(server, message),
        sync: (done) => this.#replica?.sync(done),
        isCutOff: () => this.#replica?.isCutOff() ?? false,
        status: () => this.#replica?.status() ?? beforeStart,
      },
      onBroken: (error) => this.#fail(error),
    })
  }

  /**
   * Locks and loads the history, then opens the ports. Resolves when clients are taken, which may be before there is a
   * leader. Rejects with a StorageError, or with the listen error of a port; nothing stays open then.
   */
  start(): Promise<void> {
    this.#starting ??= this.#start()
    return this.#starting
  }

  /** Takes nothing more, sends what was answered, closes everything. What was acknowledged is on disk in any case. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  status(): ServerStatus {
    const clients = this.#clients
    return {
      serverId: this.#config.serverId,
      mode: clients.mode(),
      clientPort: clients.port.port,
      connections: clients.connections.size,
      sessions: clients.state.sessions.size,
      nodes: clients.state.tree.nodeCount,
      replica: clients.replica(),
    }
  }

  /** Hexadecimal; equal on all servers that have applied the same history. */
  digest(): string {
    return this.#clients.state.digest()
  }

  async #start(): Promise<void> {
    const { disk, timers, log } = this.#runtime
    const config = this.#config
    try {
      this.#storage = await Storage.open({
        disk,
        folder: config.serverDir,
        serverId: config.serverId,
        log: log.child('storage'),
        timers,
        ...this.#storageOptions,
      })
      const replica = new Replica({
        runtime: { ...this.#runtimeParts(), log: log.child('replication') },
        config,
        storage: this.#storage,
        state: this.#clients.tree,
        events: {
          onServing: (reign) => this.#clients.onServing(reign),
          onAdrift: (leaderlessMs) => this.#clients.onAdrift(leaderlessMs),
          onMessage: (message) => this.#clients.onMessage(message),
          onFatal: (error) => this.#fail(error),
        },
      })
      this.#replica = replica
      await replica.start()
      await this.#clients.start()
    } catch (error) {
      await this.#close()
      throw error
    }
  }

  #runtimeParts(): Runtime {
    const { clock, timers, random, network, disk, log } = this.#runtime
    return { clock, timers, random, network, disk, log }
  }

  async #stop(): Promise<void> {
    // A start under way runs to its end first: it would open what is closed here.
    await this.#starting?.catch(() => {})
    await this.#close()
  }

  async #close(): Promise<void> {
    await this.#clients.stop()
    await this.#replica?.stop()
    await this.#storage?.close()
    this.#storage = null
  }

  #fail(error: unknown): void {
    if (this.#failed) return
    this.#failed = true
    void this.stop().catch(() => {})
    this.#onFatal(error)
  }
}
