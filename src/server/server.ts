import { Replica } from '../replication/replica.ts'
import type { ReplicaStatus } from '../replication/replica-config.ts'
import { codeOf } from '../runtime/coded-error.ts'
import type { Environment } from '../runtime/environment.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Timer } from '../runtime/timers.ts'
import type { StorageOptions } from '../storage/storage.ts'
import { isFull, probeDisk, Storage, StorageError } from '../storage/storage.ts'
import { ClientSide } from './client-side.ts'
import type { ServerConfig } from './config/index.ts'
import { DiskPatience } from './disk-patience.ts'
import type { ServerMode } from './four-letter-words/server-view.ts'
import type { ServerObserver } from './server-observer.ts'

export interface ServerOptions {
  /** The server cannot go on: its data are damaged, or a rule of the code is broken. It is stopping by itself. */
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
  /** Why the disk cannot be used at present; null when it can. The server looks after it now and then. */
  readonly diskTrouble: string | null
  readonly replica: ReplicaStatus
}

/** What must be free on a disk that has failed before the server comes back: enough not to be full again at once. */
const roomBytes = 4 * 1024 * 1024

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
  readonly #observer: ServerObserver | null
  #storage: Storage | null = null
  #replica: Replica | null = null
  #starting: Promise<void> | null = null
  #stopping: Promise<void> | null = null
  #closing: Promise<void> | null = null
  /** It stops, or could not start: nothing is opened any more. */
  #leaving = false
  #failed = false
  readonly #patience: DiskPatience
  #diskTrouble: string | null = null
  /** The next look after the disk, while the server stands aside. */
  #retry: Timer | null = null
  /** Stepping aside, or coming back: never two at a time. */
  #turning: Promise<void> = Promise.resolve()

  constructor(runtime: Runtime, config: ServerConfig, options: ServerOptions = {}) {
    this.#runtime = runtime
    this.#config = config
    this.#onFatal = options.onFatal ?? (() => {})
    this.#patience = new DiskPatience(runtime.clock)
    this.#storageOptions = options.storage ?? {}
    this.#observer = options.observer ?? null
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
      diskTrouble: () => this.#diskTrouble,
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
    this.#leaving = true
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
      diskTrouble: this.#diskTrouble,
      replica: clients.replica(),
    }
  }

  /** Hexadecimal; equal on all servers that have applied the same history. */
  digest(): string {
    return this.#clients.state.digest()
  }

  async #start(): Promise<void> {
    try {
      try {
        await this.#open()
      } catch (error) {
        // Room can be made at any time: until then this server tells those who ask what it waits for.
        if (!isFull(error)) throw error
        await this.#leaveDisk(error)
      }
      await this.#clients.start()
    } catch (error) {
      this.#leaving = true
      await this.#close()
      throw error
    }
  }

  /** Locks and loads the history, and takes part in the replication. */
  async #open(): Promise<void> {
    const { disk, timers, log } = this.#runtime
    const config = this.#config
    const before = this.#replica
    this.#storage = await Storage.open({
      disk,
      folder: config.serverDir,
      serverId: config.serverId,
      log: log.child('storage'),
      timers,
      target: this.#clients.tree,
      ...this.#storageOptions,
    })
    const replica: Replica = new Replica({
      runtime: { ...this.#runtimeParts(), log: log.child('replication') },
      config,
      storage: this.#storage,
      state: this.#clients.tree,
      events: {
        onServing: (reign) => this.#clients.onServing(reign),
        onAdrift: (leaderlessMs) => this.#clients.onAdrift(leaderlessMs),
        onMessage: (message) => this.#clients.onMessage(message),
        onPromise: (epoch, leader) => this.#observer?.promised(epoch, leader),
        onFatal: (error) => {
          if (replica === this.#replica) this.#onReplicaFailed(error)
        },
      },
    })
    this.#replica = replica
    for (const done of before?.unansweredSyncs() ?? []) replica.sync(done)
    await replica.start()
  }

  /**
   * What failed on the disk may be over, and this server is not worth less than one that is started again: it steps aside,
   * so that the others go on, and comes back by a recovery from the disk. Nothing else would be safe. After a write or sync
   * that failed, what this process believes to be on the disk need not be there, and only a start looks at every byte,
   * writes the last group once more and makes it durable before it counts.
   */
  #onReplicaFailed(error: Error): void {
    if (!(error instanceof StorageError) || error.code !== 'IO') {
      this.#fail(error)
      return
    }
    this.#turn(() => this.#leaveDisk(error))
  }

  #turn(work: () => Promise<void>): void {
    this.#turning = this.#turning.then(work).catch((error: unknown) => this.#fail(error))
  }

  /** Lets go of the disk, and looks after it later. */
  async #leaveDisk(cause: unknown): Promise<void> {
    if (this.#leaving) return
    const reason = cause instanceof Error ? cause.message : String(cause)
    const pauseMs = this.#patience.nextPauseMs(isFull(cause))
    this.#runtime.log.error(`stands aside, and acknowledges nothing: ${reason}`, {
      lookingAgainInMs: pauseMs,
    })
    this.#diskTrouble = reason
    await this.#letGo()
    if (this.#leaving) return
    this.#retry?.cancel()
    this.#retry = this.#runtime.timers.after(pauseMs, () => this.#turn(() => this.#comeBack()))
  }

  async #comeBack(): Promise<void> {
    if (this.#leaving) return
    const { disk, log } = this.#runtime
    try {
      await probeDisk(disk, this.#config.serverDir, roomBytes)
      await this.#open()
    } catch (error) {
      // What is damaged, belongs to somebody else now, or is a bug, does not become better by waiting.
      if (error instanceof StorageError ? error.code !== 'IO' : codeOf(error) === undefined) throw error
      await this.#leaveDisk(error)
      return
    }
    log.info('the disk can be used again')
    this.#diskTrouble = null
    this.#patience.returned()
  }

  async #letGo(): Promise<void> {
    await this.#replica?.stop()
    const storage = this.#storage
    this.#storage = null
    await storage?.close().catch(() => {
      // It failed before; that failure is the one to tell.
    })
  }

  #runtimeParts(): Runtime {
    const { clock, timers, random, network, disk, log } = this.#runtime
    return { clock, timers, random, network, disk, log }
  }

  async #stop(): Promise<void> {
    // What is under way runs to its end first: it would open what is closed here.
    await this.#starting?.catch(() => {})
    await this.#close()
  }

  #close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  async #closeAll(): Promise<void> {
    this.#retry?.cancel()
    // A stepping aside has taken the storage to close it: whoever closed beside that would be done before the disk is free.
    await this.#turning
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
