import type { NodeChange, Stat, WatchEvent, Watcher } from '../../client/index.ts'
import { onePath, optionalPath, pathOf } from '../argument-shapes.ts'
import type { Command, CommandArguments, CommandContext, RunningWatch } from '../command.ts'
import type { Output } from '../output.ts'
import { hex } from '../output.ts'
import { statFields } from '../stat-text.ts'

/** How long a watch reports. */
export const untilFlags = {
  once: { type: 'boolean', help: 'stop after one event' },
  count: { type: 'string', short: 'n', countMin: 1, help: 'stop after so many events' },
} as const

export function eventsMax(args: CommandArguments): number {
  return args.has('once') ? 1 : (args.count('count') ?? Number.POSITIVE_INFINITY)
}

/** @param stat where it was looked at; null when the node is not there */
export function printEvent(out: Output, event: WatchEvent, stat?: Stat | null): void {
  const { type, path, zxid } = event
  const facts = [
    ...(zxid > 0 ? [`zxid ${hex(zxid)}`] : []),
    ...(stat && type === 'dataChanged' ? [`version ${stat.version}`] : []),
    ...(stat && type === 'childrenChanged' ? [`${stat.numChildren} children`] : []),
  ]
  const looked = stat === undefined ? {} : { stat: stat === null ? null : statFields(stat) }
  out.result({
    text: `${type} ${path}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`,
    json: { event: type, path, zxid, ...looked },
  })
}

/**
 * Lets a watch report: in the background of an interactive shell, where a new one of the same kind and path takes the place
 * of the old; otherwise until it ends or the person stops it.
 *
 * @param ended settles when it has reported all
 */
export async function keepWatching(
  context: CommandContext,
  watch: RunningWatch,
  ended: Promise<void>,
  out: Output,
): Promise<void> {
  if (context.interactive) {
    for (const other of context.watches) {
      if (other.kind === watch.kind && other.path === watch.path) other.close()
    }
    context.watches.add(watch)
    ended
      .catch((error: unknown) => {
        out.note(`watch of ${watch.path} ended: ${error instanceof Error ? error.message : String(error)}`)
      })
      .finally(() => context.watches.delete(watch))
    return
  }
  const close = (): void => watch.close()
  context.stop.addEventListener('abort', close)
  if (context.stop.aborted) close()
  await ended
  context.stop.removeEventListener('abort', close)
}

async function printChanges(out: Output, watcher: Watcher, countMax: number): Promise<void> {
  let count = 0
  for await (const change of watcher as AsyncIterable<NodeChange>) {
    printEvent(out, change, change.stat)
    count++
    if (count >= countMax) return
  }
}

const watch: Command = {
  ...onePath,
  name: 'watch',
  usage: '[--once | -n count] <path>',
  summary: 'report the changes of a znode and of its list of children',
  details: ['It looks again after each change and after a reconnect: the last state is never missed.'],
  examples: ['watch /app', 'watch --once /app', 'watch -n 3 /app'],
  flags: untilFlags,
  async run(context, args, out) {
    const path = pathOf(context, args)
    const watcher = context.client.watch(path)
    const found = await watcher.ready
    out.note(`watching ${path}${found === null ? ', which does not exist yet' : ''}`)
    const running: RunningWatch = { path, kind: 'watch', close: () => watcher.close() }
    await keepWatching(context, running, printChanges(out, watcher, eventsMax(args)), out)
  },
}

const unwatch: Command = {
  ...optionalPath,
  name: 'unwatch',
  usage: '[path]',
  summary: 'stop what watch and addwatch report of a znode; without a path, of all',
  examples: ['unwatch /app', 'unwatch'],
  flags: {},
  needsServer: false,
  async run(context, args) {
    const only = args.positionals[0] === undefined ? null : pathOf(context, args)
    for (const watching of [...context.watches]) {
      if (only === null || watching.path === only) watching.close()
    }
  },
}

/** Commands that follow changes. */
export const watchingCommands: readonly Command[] = [watch, unwatch]
