import { Replica } from '../../src/replication/replica.ts'
import type { ReplicaConfig } from '../../src/replication/replica-config.ts'
import { World, type WorldOptions } from '../../src/sim/index.ts'
import { Storage } from '../../src/storage/storage.ts'
import { formatZxid, type Zxid } from '../../src/tree/zxid.ts'
import { CountingState } from './counting-state.ts'

interface Member {
  replica: Replica
  storage: Storage
  state: CountingState
}

/** What breaks a promise of the replication. */
export class Violation extends Error {}

/**
 * An ensemble of replicas of a list of texts in a simulated world, with an eye on what must always hold: every server
 * applies the same history, and what one has applied is never lost.
 */
export class ReplicaEnsemble {
  readonly world: World
  readonly ids: number[]
  readonly members = new Map<number, Member>()
  /** Every transaction that any server has ever applied. */
  readonly history = new Map<Zxid, string>()
  readonly leaders = new Map<number, number>()
  readonly overrides: Partial<ReplicaConfig>
  /** Servers whose disk is damaged, and what they stopped for. Any other server that stops is a violation. */
  readonly stopped = new Map<number, Error | null>()
  #nextText = 1

  constructor(size: number, world: WorldOptions, overrides: Partial<ReplicaConfig> = {}) {
    this.world = new World(world)
    this.ids = Array.from({ length: size }, (_, i) => i + 1)
    this.overrides = overrides
  }

  host(id: number) {
    return this.world.host(`s${id}`)
  }

  /** Starts servers; the host must be fresh or restarted. */
  boot(...ids: number[]): void {
    for (const id of ids) {
      const { runtime } = this.host(id)
      this.#start(id).catch((error: unknown) => {
        if (runtime.alive) throw error
      })
    }
  }

  async #start(id: number): Promise<void> {
    const { runtime } = this.host(id)
    const { disk, log, timers } = runtime
    const storage = await Storage.open({
      disk,
      folder: 'data',
      serverId: id,
      log,
      timers,
      segmentBytesMax: 4096,
    })
    const state = new CountingState()
    const apply = state.apply.bind(state)
    state.apply = (zxid, records, start, end) => {
      apply(zxid, records, start, end)
      this.#checkApplied(id, zxid, records.toString('utf8', start, end))
    }
    const replica: Replica = new Replica({
      runtime,
      storage,
      state,
      config: {
        serverId: id,
        servers: this.ids.map((server) => ({
          id: server,
          host: `s${server}`,
          peerPort: 3181,
          leaderPort: 4181,
        })),
        tickTimeMs: 200,
        initLimitTicks: 10,
        syncLimitTicks: 5,
        peerTimeoutMs: 1000,
        heartbeatMs: 100,
        leaderPreemption: true,
        resync: 'auto',
        snapCount: 40,
        ...this.overrides,
      },
      events: {
        onServing: (reign) => {
          const known = this.leaders.get(reign.epoch)
          if (known !== undefined && known !== reign.leader) {
            throw new Violation(`epoch ${reign.epoch} is led by ${known} and by ${reign.leader}`)
          }
          this.leaders.set(reign.epoch, reign.leader)
        },
        onAdrift: () => {},
        onMessage: () => {},
        onFatal: (error) => {
          if (this.stopped.get(id) === null) this.stopped.set(id, error)
          else throw new Violation(`server ${id} failed: ${error.stack}`)
        },
      },
    })
    this.members.set(id, { replica, storage, state })
    await replica.start()
  }

  #checkApplied(id: number, zxid: Zxid, text: string): void {
    const known = this.history.get(zxid)
    if (known === undefined) this.history.set(zxid, text)
    else if (known !== text) {
      throw new Violation(`server ${id} applies ${text} at ${formatZxid(zxid)}, where ${known} stood`)
    }
  }

  crash(id: number, how: 'power' | 'process' = 'power'): void {
    this.members.delete(id)
    this.host(id).crash(how)
  }

  restart(id: number): void {
    this.host(id).restart()
    this.boot(id)
  }

  wipe(id: number): void {
    this.host(id).disk.wipe()
  }

  /** Turns a bit over where `text` stands in the newest such file of a server: it may stop by itself from here on. */
  damage(id: number, file: 'log' | 'snapshot', text: string): void {
    this.stopped.set(id, null)
    const { disk } = this.host(id)
    const [folder] = disk.list('data').filter((name) => name.startsWith('h-'))
    for (const name of disk.list(`data/${folder}`).reverse()) {
      const path = `data/${folder}/${name}`
      const at = name.startsWith(file) ? disk.contentOf(path).indexOf(text) : -1
      if (at < 0) continue
      disk.flipBit(path, at)
      return
    }
    throw new Error(`no ${file} of server ${id} holds ${text}`)
  }

  member(id: number): Member {
    const member = this.members.get(id)
    if (member === undefined) throw new Error(`server ${id} is not up`)
    return member
  }

  /** The one that leads and serves; 0 when there is none. */
  get leader(): number {
    for (const [id, { replica }] of this.members) if (replica.status().state === 'leading') return id
    return 0
  }

  get serving(): number[] {
    return [...this.members].filter(([, { replica }]) => replica.status().serving).map(([id]) => id)
  }

  /** Asks a server to write a text that is written only once; returns it. */
  write(id: number): string {
    const text = `t${this.#nextText++}`
    this.members.get(id)?.replica.sendRequests(Buffer.from(text))
    return text
  }

  has(id: number, text: string): boolean {
    return this.members.get(id)?.state.texts.includes(text) ?? false
  }

  async untilServing(ids: readonly number[] = this.ids, limitMs = 30_000): Promise<void> {
    await this.world.run({ until: () => this.#serveOneReign(ids), limitMs })
  }

  #serveOneReign(ids: readonly number[]): boolean {
    const states = ids.map((id) => this.members.get(id)?.replica.status())
    return states.every((status) => status?.serving === true && status.epoch === states[0]?.epoch)
  }

  /** Writes through `id` and waits until all given servers have it. */
  async writeEverywhere(id: number, ids: readonly number[] = this.ids): Promise<string> {
    const text = this.write(id)
    await this.world.run({ until: () => ids.every((server) => this.has(server, text)), limitMs: 30_000 })
    return text
  }

  /** All servers hold everything that was ever applied anywhere, in the same order. */
  checkConverged(): void {
    const expected = [...this.history].sort(([a], [b]) => a - b).map(([, text]) => text)
    for (const [id, { state }] of this.members) {
      const texts = state.texts
      if (texts.join() !== expected.join()) {
        throw new Violation(`server ${id} holds ${texts.length} texts, ${expected.length} were applied`)
      }
    }
  }
}
