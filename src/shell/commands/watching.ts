import type { NodeChange, Watcher } from '../../client/index.ts'
import type { Command } from '../command.ts'
import type { Output } from '../output.ts'
import { hex } from '../output.ts'
import { statFields } from '../stat-text.ts'
import { resolvePath } from '../znode-path.ts'

function printChange(out: Output, change: NodeChange): void {
  const { type, path, zxid, stat } = change
  const facts = [
    ...(zxid > 0 ? [`zxid ${hex(zxid)}`] : []),
    ...(stat !== null && type === 'dataChanged' ? [`version ${stat.version}`] : []),
    ...(stat !== null && type === 'childrenChanged' ? [`${stat.numChildren} children`] : []),
  ]
  out.result({
    text: `${type} ${path}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`,
    json: { event: type, path, zxid, stat: stat === null ? null : statFields(stat) },
  })
}

async function printChanges(out: Output, watcher: Watcher, countMax: number): Promise<void> {
  let count = 0
  for await (const change of watcher) {
    printChange(out, change)
    count++
    if (count >= countMax) return
  }
}

const watch: Command = {
  name: 'watch',
  usage: '[--once | -n count] <path>',
  summary: 'report the changes of a znode and of its list of children',
  examples: ['watch /app', 'watch --once /app', 'watch -n 3 /app'],
  flags: {
    once: { type: 'boolean', help: 'stop after one change' },
    count: { type: 'string', short: 'n', countMin: 1, help: 'stop after so many changes' },
  },
  positionalsMin: 1,
  positionalsMax: 1,
  pathArguments: [0],
  needsServer: true,
  async run(context, args, out) {
    const path = resolvePath(context.currentPath, args.positionals[0] ?? '')
    const countMax = args.has('once') ? 1 : (args.count('count') ?? Number.POSITIVE_INFINITY)
    context.watches.get(path)?.close()
    const watcher = context.client.watch(path)
    const found = await watcher.ready
    out.note(`watching ${path}${found === null ? ', which does not exist yet' : ''}`)
    if (context.interactive) {
      context.watches.set(path, watcher)
      printChanges(out, watcher, countMax)
        .catch((error: unknown) => {
          out.note(`watch of ${path} ended: ${error instanceof Error ? error.message : String(error)}`)
        })
        .finally(() => {
          if (context.watches.get(path) === watcher) context.watches.delete(path)
        })
      return
    }
    const close = (): void => watcher.close()
    context.stop.addEventListener('abort', close)
    if (context.stop.aborted) close()
    await printChanges(out, watcher, countMax)
    context.stop.removeEventListener('abort', close)
  },
}

const unwatch: Command = {
  name: 'unwatch',
  usage: '[path]',
  summary: 'stop watching a znode; without a path, all of them',
  examples: ['unwatch /app'],
  flags: {},
  positionalsMin: 0,
  positionalsMax: 1,
  pathArguments: [0],
  needsServer: false,
  async run(context, args) {
    const typed = args.positionals[0]
    const only = typed === undefined ? null : resolvePath(context.currentPath, typed)
    for (const [path, watcher] of [...context.watches]) {
      if (only === null || path === only) watcher.close()
    }
  },
}

/** Commands that follow changes. */
export const watchingCommands: readonly Command[] = [watch, unwatch]
