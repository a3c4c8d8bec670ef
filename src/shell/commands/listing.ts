import type { Client, Stat } from '../../client/index.ts'
import { childOf, ErrorCode, ZkError } from '../../client/index.ts'
import { optionalPath, pathOf } from '../argument-shapes.ts'
import type { Command } from '../command.ts'
import type { Output } from '../output.ts'
import { hex } from '../output.ts'
import { hiddenColumns, statColumns, statFields, statText } from '../stat-text.ts'

/** So many stats are asked for at a time. */
const batchSize = 256

/** What some znode refused to show: the rest is printed, and then the command fails with the first of these. */
class Refusals {
  #first: ZkError | null = null

  readonly note = (error: ZkError): void => {
    this.#first ??= error
  }

  throwAny(): void {
    if (this.#first !== null) throw this.#first
  }
}

/** The stats of nodes; null for one that is gone by now, 'hidden' for one that may not be looked at. */
async function statsOf(
  client: Client,
  paths: readonly string[],
  refusals: Refusals,
): Promise<(Stat | 'hidden' | null)[]> {
  const statOf = async (path: string): Promise<Stat | 'hidden' | null> => {
    try {
      return await client.exists(path)
    } catch (error) {
      if (!ZkError.is(error, 'noAuth')) throw error
      refusals.note(error)
      return 'hidden'
    }
  }
  const stats: (Stat | 'hidden' | null)[] = []
  for (let at = 0; at < paths.length; at += batchSize) {
    stats.push(...(await Promise.all(paths.slice(at, at + batchSize).map(statOf))))
  }
  return stats
}

async function printNodes(
  client: Client,
  out: Output,
  nodes: readonly { shown: string; path: string }[],
  options: { long: boolean; refusals: Refusals },
): Promise<void> {
  const paths = nodes.map(({ path }) => path)
  const stats = options.long ? await statsOf(client, paths, options.refusals) : null
  for (const [index, { shown, path }] of nodes.entries()) {
    if (stats === null) {
      out.result({ text: shown, json: { name: shown, path } })
      continue
    }
    const stat = stats[index] ?? null
    if (stat === null) continue
    const isHidden = stat === 'hidden'
    out.result({
      text: `${isHidden ? hiddenColumns : statColumns(stat)}  ${shown}`,
      json: { name: shown, path, stat: isHidden ? null : statFields(stat) },
    })
  }
}

const ls: Command = {
  ...optionalPath,
  name: 'ls',
  usage: '[-l] [-R] [path]',
  summary: 'list the children of a znode, one a line',
  examples: ['ls', 'ls -l /app', 'ls -R /'],
  flags: {
    long: {
      type: 'boolean',
      short: 'l',
      help: 'with kind (e: ephemeral), version, bytes, children and time of the last change',
    },
    recursive: { type: 'boolean', short: 'R', help: 'the znode and everything below it, as paths' },
  },
  async run(context, args, out) {
    const path = pathOf(context, args)
    const refusals = new Refusals()
    const options = { long: args.has('long'), refusals }
    if (!args.has('recursive')) {
      const names = (await context.client.getChildren(path)).sort()
      const nodes = names.map((name) => ({ shown: name, path: childOf(path, name) }))
      await printNodes(context.client, out, nodes, options)
    } else {
      const paths: string[] = []
      for await (const found of context.client.walk(path, refusals.note)) paths.push(found)
      const nodes = paths.sort().map((found) => ({ shown: found, path: found }))
      await printNodes(context.client, out, nodes, options)
    }
    refusals.throwAny()
  },
}

const tree: Command = {
  ...optionalPath,
  name: 'tree',
  usage: '[path]',
  summary: 'draw everything below a znode',
  examples: ['tree', 'tree /app'],
  flags: {},
  async run(context, args, out) {
    const path = pathOf(context, args)
    const children = new Map<string, string[]>()
    const refusals = new Refusals()
    for await (const found of context.client.walk(path, refusals.note)) {
      children.set(found, [])
      if (found === path) continue
      const slash = found.lastIndexOf('/')
      children.get(slash === 0 ? '/' : found.slice(0, slash))?.push(found.slice(slash + 1))
    }
    if (out.json) {
      for (const [found, names] of children) out.result({ text: '', json: { path: found, children: names } })
    } else {
      out.result({ text: drawTree(path, children).join('\n'), json: {} })
    }
    refusals.throwAny()
  },
}

/** Lines with branches, the root first. */
export function drawTree(root: string, children: ReadonlyMap<string, readonly string[]>): string[] {
  const lines = [root]
  const draw = (path: string, indent: string): void => {
    const names = children.get(path) ?? []
    for (const [index, name] of names.entries()) {
      const isLast = index === names.length - 1
      lines.push(`${indent}${isLast ? '└── ' : '├── '}${name}`)
      draw(childOf(path, name), `${indent}${isLast ? '    ' : '│   '}`)
    }
  }
  draw(root, '')
  return lines
}

const stat: Command = {
  ...optionalPath,
  name: 'stat',
  usage: '[path]',
  summary: 'print the stat of a znode',
  examples: ['stat /app'],
  flags: {},
  async run(context, args, out) {
    const path = pathOf(context, args)
    const found = await context.client.exists(path)
    if (found === null) throw new ZkError(ErrorCode.noNode, path)
    out.result({ text: statText(found), json: { path, stat: statFields(found) } })
  },
}

const count: Command = {
  ...optionalPath,
  name: 'count',
  aliases: ['getallchildrennumber'],
  usage: '[path]',
  summary: 'count everything below a znode',
  examples: ['count /app', 'count /'],
  flags: {},
  async run(context, args, out) {
    const path = pathOf(context, args)
    const descendants = await context.client.getAllChildrenNumber(path)
    out.result({ text: String(descendants), json: { path, descendants } })
  },
}

const getEphemerals: Command = {
  ...optionalPath,
  name: 'getephemerals',
  usage: '[prefix]',
  summary: 'list the ephemeral znodes of this session, one a line',
  details: ['The prefix may end in the middle of a name. Each znode ends with the session that made it.'],
  examples: ['getephemerals', 'getephemerals /app/worker-'],
  flags: {},
  async run(context, args, out) {
    const typed = args.positionals[0]
    const paths = await context.client.getEphemerals(typed === undefined ? '/' : pathOf(context, args))
    for (const path of paths.sort()) {
      out.result({ text: path, json: { path, session: hex(context.client.sessionId) } })
    }
  },
}

/** Commands that look without changing anything. */
export const listingCommands: readonly Command[] = [ls, tree, stat, count, getEphemerals]
