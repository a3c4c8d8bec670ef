import { ErrorCode } from '../wire/error-codes.ts'
import { OpCode } from '../wire/opcodes.ts'
import { AddWatchRequest, WatchTypeRequest } from '../wire/requests.ts'
import { AccessCalls } from './access-calls.ts'
import type { WatchListener } from './watch-registry.ts'
import type { WatchSelection } from './watch-removal.ts'
import { takeWatches, watchTypes } from './watch-removal.ts'
import { ZkError } from './zk-error.ts'

export interface AddWatchOptions {
  /** Also report what happens anywhere below. Default: no. */
  readonly recursive?: boolean | undefined
}

export interface RemoveWatchesOptions {
  /** Which watches on the path. Default: any. */
  readonly kind?: WatchSelection | undefined
  /** Only this listener. Default: all. */
  readonly listener?: WatchListener | undefined
}

/** Calls that leave watches, look for them and take them away. */
export class WatchCalls extends AccessCalls {
  /**
   * Watches a znode, which need not exist, until `removeWatches` or the end of the session. Unlike the `watch` options it is
   * not used up by an event, and it is left again after a reconnect; but what happens while no server is connected is not
   * told (see `watch` for a watcher that misses no state). Servers know it since 3.6.
   *
   * @param listener called for each creation, deletion and change of data, and, unless recursive, whenever a child comes or goes
   * @returns when the watch stands
   * @example await client.addWatch('/app', ({ type, path }) => console.log(type, path), { recursive: true })
   */
  addWatch(path: string, listener: WatchListener, options: AddWatchOptions = {}): Promise<void> {
    const kind = options.recursive === true ? 'recursive' : 'persistent'
    let armed = (): void => {}
    return this.calls
      .about({
        opcode: OpCode.addWatch,
        path,
        isWrite: false,
        schema: AddWatchRequest,
        body: (server) => {
          armed = this.watches.arm(server)
          return { path: server, mode: kind === 'recursive' ? 1 : 0 }
        },
        decode: () => this.watches.file(kind, this.calls.serverPath(path), listener),
      })
      .finally(() => armed())
  }

  /**
   * Takes watches on a path away, here at once and on the server. A listener that shares its watch with others just leaves
   * them.
   *
   * @returns when the server has none left that nobody listens to
   * @throws ZkError `noWatcher` when there is no such watch
   */
  async removeWatches(path: string, options: RemoveWatchesOptions = {}): Promise<void> {
    const { kind = 'any', listener } = options
    const removals = takeWatches(this.watches, this.calls.serverPath(path), kind, listener)
    if (removals === null) throw new ZkError(ErrorCode.noWatcher, path)
    const asked = removals.map((removal) =>
      this.#aboutWatches(OpCode.removeWatches, path, removal).catch((error: unknown) => {
        // Gone already: fired, or lost with a connection. Or a server before 3.9, which cannot take away a persistent watch
        // alone: it goes on telling, and nobody hears it.
        const harmless =
          ZkError.is(error, 'noWatcher') || (watchTypes[removal] > 3 && ZkError.is(error, 'marshallingError'))
        if (!harmless) throw error
      }),
    )
    await Promise.all(asked)
  }

  /**
   * Asks the server whether it has watches of this client on a path.
   *
   * @param kind "persistent" and "recursive" are understood since 3.9 only: earlier servers answer `marshallingError`
   */
  async checkWatches(path: string, kind: WatchSelection = 'any'): Promise<boolean> {
    try {
      await this.#aboutWatches(OpCode.checkWatches, path, kind)
      return true
    } catch (error) {
      if (ZkError.is(error, 'noWatcher')) return false
      throw error
    }
  }

  /** Forgets a listener that was given as a `watch` option and has not been called. The server is not asked. */
  unwatch(path: string, listener: WatchListener): void {
    const server = this.calls.serverPath(path)
    for (const kind of ['data', 'exist', 'child'] as const) this.watches.remove(kind, server, listener)
  }

  #aboutWatches(opcode: number, path: string, selection: WatchSelection): Promise<void> {
    return this.calls.about({
      opcode,
      path,
      isWrite: false,
      schema: WatchTypeRequest,
      body: (server) => ({ path: server, type: watchTypes[selection] }),
      decode: () => undefined,
    })
  }
}
