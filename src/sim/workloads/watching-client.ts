import type { Client } from '../../client/client.ts'
import { ZkError } from '../../client/zk-error.ts'
import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { WatchKind, WatchRecord } from '../checkers/watches.ts'

/** One client that leaves watches of every kind, and remembers in which order it met what. */
export class WatchingClient {
  readonly records: WatchRecord[] = []
  readonly #client: Client
  readonly #random: SeededRandom
  /** What it may watch, and the nodes that all of it stands below. */
  readonly #paths: readonly string[]
  readonly #bases: readonly string[]
  #nextId = 0
  /** Counts connections. */
  #connection = 0
  /** The listeners that the event at hand has called so far. */
  #heard: number[] = []
  /** The session that has its persistent watches. */
  #preparedFor = 0n

  constructor(client: Client, paths: readonly string[], bases: readonly string[], random: SeededRandom) {
    this.#client = client
    this.#paths = paths
    this.#bases = bases
    this.#random = random
    client.on('state', (state) => this.#changed(state))
    // After the listeners of the watches.
    client.on('watch', ({ type, path, zxid }) => {
      this.records.push({ what: 'event', type, path, zxid, heard: this.#heard, lastZxid: client.lastZxid })
      this.#heard = []
    })
  }

  /** Leaves a watch, or looks. The client is in a session. Throws what its calls do. */
  async step(): Promise<void> {
    if (this.#preparedFor !== this.#client.sessionId) await this.#watchForGood()
    const path = this.#random.pick(this.#paths)
    switch (this.#random.below(5)) {
      case 0:
        return this.#watch('data', path, (watch) => this.#get(path, watch))
      case 1:
        return this.#watch('data', path, async (watch) => {
          const stat = await this.#client.exists(path, { watch })
          return stat?.mzxid ?? null
        })
      case 2:
        return this.#watch('children', path, (watch) => this.#getChildren(path, watch))
      default:
        await this.look(path)
    }
  }

  /** Looks at what every server has to show: afterwards nothing that happened before may be untold. */
  async lookAtLast(): Promise<void> {
    const [path = '/'] = this.#bases
    await this.#client.sync(path)
    await this.look(path)
  }

  async look(path: string): Promise<void> {
    const connection = this.#connection
    const connected = this.#client.state === 'connected'
    await this.#client.exists(path)
    this.records.push({
      what: 'looked',
      lastZxid: this.#client.lastZxid,
      fresh: connected && connection === this.#connection,
    })
  }

  async #get(path: string, watch: () => void): Promise<number> {
    return (await this.#client.get(path, { watch })).stat.mzxid
  }

  async #getChildren(path: string, watch: () => void): Promise<number> {
    return (await this.#client.getChildrenWithStat(path, { watch })).stat.pzxid
  }

  async #watchForGood(): Promise<void> {
    const { sessionId } = this.#client
    const recursive = { recursive: true }
    for (const base of this.#bases) {
      await this.#watch('recursive', base, (heard) => this.#lasting(base, heard, recursive))
    }
    for (let i = 0; i < 3; i++) {
      const path = this.#random.pick(this.#paths)
      await this.#watch('persistent', path, (heard) => this.#lasting(path, heard, {}))
    }
    this.#preparedFor = sessionId
  }

  async #lasting(path: string, heard: () => void, options: { recursive?: boolean }): Promise<null> {
    await this.#client.addWatch(path, heard, options)
    return null
  }

  /** @param leave makes the call, and tells since when what it watches is as it is */
  async #watch(
    kind: WatchKind,
    path: string,
    leave: (heard: () => void) => Promise<number | null>,
  ): Promise<void> {
    const id = this.#nextId++
    const connection = this.#connection
    const connected = this.#client.state === 'connected'
    this.records.push({ what: 'asked', id, kind, path, lastZxid: this.#client.lastZxid })
    try {
      const since = await leave(() => this.#heard.push(id))
      const fresh = connected && connection === this.#connection
      this.records.push({ what: 'answered', id, since, lastZxid: this.#client.lastZxid, fresh })
    } catch (error) {
      this.records.push({ what: 'failed', id })
      // An answer like any other: there is no such node.
      if (!ZkError.is(error, 'noNode')) throw error
    }
  }

  #changed(state: string): void {
    if (state === 'connected') {
      this.#connection++
      this.records.push({ what: 'attached' })
    } else if (state === 'suspended') this.records.push({ what: 'lost' })
    else if (state === 'expired' || state === 'closed') this.records.push({ what: 'ended' })
  }
}
