import { ErrorCode } from '../wire/error-codes.ts'
import type { Client } from './client.ts'
import { Fifo } from './fifo.ts'
import type { Stat } from './types.ts'
import type { Known, NodeChange } from './watch-differences.ts'
import { changesSince } from './watch-differences.ts'
import type { WatchEvent } from './watch-registry.ts'
import { ZkError } from './zk-error.ts'

export interface WatcherOptions {
  /** Also report when children come or go. Default: yes. */
  readonly children?: boolean | undefined
}

/** So many changes may wait to be taken; then the watcher looks no further until some are. */
const changesMax = 1024

/**
 * Follows one znode, through creations, deletions and reconnects, for as long as it is wanted. It is an async iterable of
 * changes:
 *
 * @example
 * const watcher = client.watch('/config')
 * for await (const change of watcher) {
 *   if (change.type === 'dataChanged') reload((await client.get('/config')).data)
 * }
 *
 * Changes that follow closely on one another may be told as one, but the last state is never missed. The iteration ends
 * after `close` (of the watcher or the client), and throws a ZkError when the session expires.
 */
export class Watcher implements AsyncIterable<NodeChange> {
  readonly path: string
  /** Settles when the first watch is left on the server: with the stat of the node, or null when there is none. */
  readonly ready: Promise<Stat | null>
  readonly #client: Client
  readonly #children: boolean
  readonly #changes = new Fifo<NodeChange>()
  readonly #listener = (event: WatchEvent): void => this.#fired(event)
  #closed = false
  #fault: unknown = null
  /** Wakes who waits for a change to take. */
  #onChange: (() => void) | null = null
  /** Wakes the watcher's own loop. */
  #onWake: (() => void) | null = null
  #event: WatchEvent | null = null
  readonly #offState: () => void

  constructor(client: Client, path: string, options: WatcherOptions) {
    this.path = path
    this.#client = client
    this.#children = options.children ?? true
    this.#offState = client.on('state', (state) => {
      if (state === 'expired') this.#end(new ZkError(ErrorCode.sessionExpired, path))
      else if (state === 'closed') this.#end(null)
    })
    this.ready = this.#lookPatiently()
    this.ready.then(
      (stat) => this.#follow(stat),
      (error: unknown) => this.#end(error),
    )
  }

  /** Stops. Changes that were found already can still be taken. */
  close(): void {
    this.#end(null)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<NodeChange, void, void> {
    try {
      while (true) {
        const change = this.#changes.shift()
        if (change !== undefined) {
          this.#onWake?.()
          yield change
        } else if (this.#fault !== null) throw this.#fault
        else if (this.#closed) return
        else {
          await new Promise<void>((resolve) => {
            this.#onChange = resolve
          })
        }
      }
    } finally {
      this.close()
    }
  }

  /** Leaves the watches and sees what is there. */
  async #look(): Promise<Stat | null> {
    while (true) {
      const stat = await this.#client.exists(this.path, { watch: this.#listener })
      if (stat === null || !this.#children) return stat
      try {
        const { stat: again } = await this.#client.getChildrenWithStat(this.path, { watch: this.#listener })
        return again
      } catch (error) {
        // Deleted between the two: look again.
        if (!ZkError.is(error, 'noNode')) throw error
      }
    }
  }

  /** As `#look`, however long the ensemble is out of reach; only the end of the session ends the waiting. */
  async #lookPatiently(): Promise<Stat | null> {
    while (true) {
      try {
        return await this.#look()
      } catch (error) {
        if (!ZkError.is(error, 'connectionLoss')) throw error
        await this.#client.connected()
      }
    }
  }

  async #follow(first: Stat | null): Promise<void> {
    let known: Known = { stat: first, event: null }
    try {
      while (!this.#closed) {
        // Wait for something to have happened, and for room to tell it.
        while ((this.#event === null || this.#changes.length >= changesMax) && !this.#closed) {
          await new Promise<void>((resolve) => {
            this.#onWake = resolve
          })
        }
        if (this.#closed) return
        known = { stat: known.stat, event: this.#event }
        this.#event = null
        const now = await this.#lookPatiently()
        for (const change of changesSince(known, now, this.path, this.#children)) this.#changes.push(change)
        known = { stat: now, event: null }
        this.#onChange?.()
      }
    } catch (error) {
      this.#end(error)
    }
  }

  #fired(event: WatchEvent): void {
    this.#event ??= event
    this.#onWake?.()
  }

  #end(fault: unknown): void {
    if (this.#closed) return
    this.#closed = true
    this.#offState()
    // A client that was closed on purpose is the ordinary end.
    if (fault !== null && !ZkError.is(fault, 'closing')) this.#fault = fault
    this.#client.unwatch(this.path, this.#listener)
    this.#onWake?.()
    this.#onChange?.()
  }
}
