import type { Client } from '../../client/client.ts'
import { ZkError } from '../../client/zk-error.ts'
import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { EphemeralRecord, SessionRecord } from '../checkers/ephemerals.ts'
import type { EphemeralRegistry } from './ephemeral-registry.ts'
import { inSession } from './in-session.ts'
import type { UntilStopped } from './until-stopped.ts'

const never = Number.POSITIVE_INFINITY
const nodesMax = 4
/** How long a client that means to die without a word waits for its connection to be lost. */
const dyingMsMax = 10_000

export interface EphemeralOwnerOptions {
  client: Client
  /** Where its nodes stand. */
  parent: string
  /** A path that all owners want. */
  shared: string
  random: SeededRandom
  registry: EphemeralRegistry
  until: UntilStopped
  nowUs: () => number
  /** How long no server has run so far. */
  standstillUs: () => number
}

/** One client with ephemeral nodes: makes, deletes and looks at them, through as many sessions as the servers end. */
export class EphemeralOwner {
  readonly #options: EphemeralOwnerOptions
  #session: SessionRecord | null = null
  /** When the last of its writes that were answered was called. */
  #lastWriteStandstillUs = 0
  /** What the present session has made and not deleted. */
  #nodes: EphemeralRecord[] = []
  /** Names are never used twice. */
  #made = 0

  constructor(options: EphemeralOwnerOptions) {
    this.#options = options
    options.client.on('state', (state, detail) => this.#changed(state, detail))
  }

  /** Null between two sessions. */
  get sessionId(): number | null {
    return this.#session?.id ?? null
  }

  /** For so many steps, or until the workload stops. */
  async live(steps: number): Promise<void> {
    const { client, random, until } = this.#options
    for (let step = 0; step < steps && (await inSession(client, until)); step++) {
      this.#begin()
      try {
        await this.#step()
      } catch (error) {
        if (!(error instanceof ZkError)) throw error
        await until.pause(random.below(200))
      }
      const { timeoutMs = 1 } = this.#session ?? {}
      // A long silence: only pings keep the session.
      await until.pause(random.chance(1, 15) ? random.below(2 * timeoutMs) : random.below(250))
    }
  }

  /** Ends the session in an orderly way. */
  close(): Promise<void> {
    if (this.#session !== null && this.#options.client.state === 'connected') {
      this.#session.closeCalledUs = this.#options.nowUs()
    }
    return this.#options.client.close()
  }

  /** Ends without a word, as a process that is killed, if its connection is lost soon enough. */
  async die(): Promise<void> {
    const { client, until } = this.#options
    if (client.state !== 'suspended') {
      await until.wait(
        (happened) =>
          client.on('state', (state) => {
            if (state === 'suspended') happened()
          }),
        dyingMsMax,
      )
    }
    await this.close()
  }

  /** A write that shows the session to be alive. False when it was not answered. */
  async touch(): Promise<boolean> {
    const node = this.#nodes.find(({ createdUs }) => createdUs < never)
    if (this.#options.client.state !== 'connected' || node === undefined) return false
    try {
      await this.#write(() => this.#options.client.set(node.path, 'touched'))
      return true
    } catch (error) {
      if (!(error instanceof ZkError)) throw error
      return false
    }
  }

  #changed(state: string, detail: string | null): void {
    const session = this.#session
    if (session === null) return
    if (state === 'expired') {
      session.expiredUs = this.#options.nowUs()
      session.standstillUs = this.#options.standstillUs() - this.#lastWriteStandstillUs
      this.#session = null
      this.#nodes = []
    } else if (state === 'closed' && detail === null) session.closedUs = this.#options.nowUs()
  }

  #begin(): void {
    if (this.#session !== null) return
    const { client, registry } = this.#options
    this.#session = registry.begin(Number(client.sessionId), client.sessionTimeoutMs)
  }

  async #step(): Promise<void> {
    const { random, registry } = this.#options
    registry.countOperation()
    switch (random.below(8)) {
      case 0:
      case 1:
      case 2:
        return this.#create()
      case 3:
        return this.#delete()
      case 4:
        return this.#createShared()
      case 5:
        return this.#lookAtOne()
      case 6:
        return this.#lookAtAll()
      default:
        await this.touch()
    }
  }

  async #create(): Promise<void> {
    const { client, parent, registry, nowUs } = this.#options
    const session = this.#session
    if (session === null || this.#nodes.length >= nodesMax) return
    const node = registry.expect(`${parent}/${session.id}-${this.#made++}`, session.id)
    this.#nodes.push(node)
    const { stat } = await this.#write(() => client.createWithStat(node.path, '', { ephemeral: true }))
    registry.created(node, nowUs())
    registry.ownedBy(node.path, Number(stat.ephemeralOwner), session.id)
  }

  /** Whoever comes first has it: its data and its owner are of one session. */
  async #createShared(): Promise<void> {
    const { client, shared, nowUs } = this.#options
    const session = this.#session
    if (session === null) return
    const calledUs = nowUs()
    const standstillUs = this.#options.standstillUs()
    try {
      await client.create(shared, String(session.id), { ephemeral: true })
    } catch (error) {
      if (!ZkError.is(error, 'nodeExists')) throw error
    }
    this.#wrote(session, calledUs, standstillUs)
  }

  async #delete(): Promise<void> {
    const node = this.#nodes[0]
    if (node === undefined) return
    const { client, nowUs, registry } = this.#options
    const must = client.exactlyOnce && node.createdUs < never && node.deleteCalledUs === never
    node.deleteCalledUs = Math.min(node.deleteCalledUs, nowUs())
    try {
      await this.#write(() => client.delete(node.path))
      node.deletedUs = nowUs()
    } catch (error) {
      if (!ZkError.is(error, 'noNode')) throw error
      // Otherwise a creation without an answer came to nothing, or an earlier deletion without one did not.
      if (must) registry.lostBeforeDeletion(node, nowUs())
    }
    this.#nodes = this.#nodes.filter((other) => other !== node)
  }

  async #lookAtOne(): Promise<void> {
    const { client, random, nowUs, registry } = this.#options
    const session = this.#session
    if (session === null || this.#nodes.length === 0) return
    const node = random.pick(this.#nodes)
    const known = node.createdUs < never
    const stat = await client.exists(node.path)
    if (stat !== null) registry.ownedBy(node.path, Number(stat.ephemeralOwner), session.id)
    else if (known) node.missingToOwnerUs = Math.min(node.missingToOwnerUs, nowUs())
  }

  async #lookAtAll(): Promise<void> {
    const { client, parent, nowUs } = this.#options
    const known = this.#nodes.filter(({ createdUs }) => createdUs < never)
    const paths = new Set(await client.getEphemerals(`${parent}/`))
    for (const node of known) {
      if (!paths.has(node.path)) node.missingToOwnerUs = Math.min(node.missingToOwnerUs, nowUs())
    }
    for (const path of paths)
      this.#options.registry.ownedBy(path, Number(client.sessionId), ownerInName(path))
  }

  async #write<T>(call: () => Promise<T>): Promise<T> {
    const session = this.#session
    const calledUs = this.#options.nowUs()
    const standstillUs = this.#options.standstillUs()
    const result = await call()
    if (session !== null) this.#wrote(session, calledUs, standstillUs)
    return result
  }

  #wrote(session: SessionRecord, calledUs: number, standstillUs: number): void {
    if (calledUs < session.lastWriteCalledUs) return
    session.lastWriteCalledUs = calledUs
    if (session === this.#session) this.#lastWriteStandstillUs = standstillUs
  }
}

/** The session that the name of a node tells. */
export function ownerInName(path: string): number {
  return Number(path.slice(path.lastIndexOf('/') + 1, path.lastIndexOf('-')))
}
