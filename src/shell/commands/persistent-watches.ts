import type { Client, WatchEvent, WatchSelection } from '../../client/index.ts'
import { ErrorCode, ZkError } from '../../client/index.ts'
import { onePath, pathOf } from '../argument-shapes.ts'
import type { Command, RunningWatch } from '../command.ts'
import { UsageError } from '../command.ts'
import type { Output } from '../output.ts'
import { eventsMax, keepWatching, printEvent, untilFlags } from './watching.ts'

const addWatch: Command = {
  ...onePath,
  name: 'addwatch',
  usage: '[-r] [--once | -n count] <path>',
  summary: 'report every event of a znode, or of everything below it too',
  details: [
    'The server keeps the watch after an event. What happens while the connection is lost is not reported;',
    'watch misses no state, but is about one znode.',
  ],
  examples: ['addwatch /app', 'addwatch -r /app', 'addwatch -r -n 10 /'],
  flags: {
    recursive: { type: 'boolean', short: 'r', help: 'of everything below it too' },
    ...untilFlags,
  },
  async run(context, args, out) {
    const path = pathOf(context, args)
    const recursive = args.has('recursive')
    const persistent = await PersistentWatch.leave(context.client, path, recursive, eventsMax(args), out)
    out.note(`watching ${path}${recursive ? ' and everything below it' : ''}`)
    await keepWatching(context, persistent, persistent.ended, out)
  },
}

/** Prints what a persistent watch tells, until it has told enough, is closed, or the session ends. */
class PersistentWatch implements RunningWatch {
  readonly path: string
  readonly kind: 'persistent' | 'recursive'
  readonly ended: Promise<void>
  readonly #client: Client
  readonly #listener: (event: WatchEvent) => void
  readonly #offState: () => void
  #left: number
  #end: (error: unknown) => void = () => {}

  private constructor(client: Client, path: string, recursive: boolean, countMax: number, out: Output) {
    this.path = path
    this.kind = recursive ? 'recursive' : 'persistent'
    this.#client = client
    this.#left = countMax
    this.ended = new Promise((resolve, reject) => {
      this.#end = (error) => (error === null ? resolve() : reject(error))
    })
    // Whoever waits for it hears of it; nobody may be waiting yet.
    this.ended.catch(() => {})
    this.#offState = client.on('state', (state) => {
      if (state === 'expired') this.#end(new ZkError(ErrorCode.sessionExpired, path))
      else if (state === 'closed') this.#end(null)
    })
    this.#listener = (event) => {
      if (this.#left <= 0) return
      printEvent(out, event)
      this.#left--
      if (this.#left === 0) this.close()
    }
  }

  /** Resolves when the server has the watch. */
  static async leave(
    client: Client,
    path: string,
    recursive: boolean,
    countMax: number,
    out: Output,
  ): Promise<PersistentWatch> {
    const watch = new PersistentWatch(client, path, recursive, countMax, out)
    try {
      await client.addWatch(path, watch.#listener, { recursive })
    } catch (error) {
      watch.#offState()
      throw error
    }
    return watch
  }

  close(): void {
    this.#left = 0
    this.#offState()
    this.#end(null)
    // Without a connection there is no watch on a server either, and it is not left again.
    this.#client.removeWatches(this.path, { kind: this.kind, listener: this.#listener }).catch(() => {})
  }
}

const selections = ['data', 'children', 'persistent', 'recursive'] as const

const removeWatches: Command = {
  ...onePath,
  name: 'removewatches',
  usage: '[-d | -c | -p | -r] <path>',
  summary: 'take the watches of this session on a znode away, on the server too',
  examples: ['removewatches /app', 'removewatches --recursive /app'],
  flags: {
    data: { type: 'boolean', short: 'd', help: 'only those for its data' },
    children: { type: 'boolean', short: 'c', help: 'only those for its list of children' },
    persistent: { type: 'boolean', short: 'p', help: 'only those of addwatch' },
    recursive: { type: 'boolean', short: 'r', help: 'only those of addwatch -r' },
  },
  async run(context, args, out) {
    const path = pathOf(context, args)
    const given = selections.filter((name) => args.has(name))
    if (given.length > 1) throw new UsageError('removewatches: give one kind, or none for all')
    const kind: WatchSelection = given[0] ?? 'any'
    await context.client.removeWatches(path, { kind })
    for (const watching of [...context.watches]) {
      // `watch` rests on one-shot watches, and cannot go on without them.
      const meant =
        watching.kind === 'watch' ? kind === 'data' || kind === 'children' : kind === watching.kind
      if (watching.path === path && (kind === 'any' || meant)) watching.close()
    }
    out.result({ text: '', json: { path, removed: kind } })
  },
}

/** Commands about watches that the server keeps. */
export const persistentWatchCommands: readonly Command[] = [addWatch, removeWatches]
