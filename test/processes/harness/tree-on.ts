import { isDeepStrictEqual } from 'node:util'
import { type Acl, Client, type Stat } from '../../../src/client/index.ts'
import type { EnsembleServer } from './ensemble-server.ts'
import { serverKind } from './server-kind.ts'

export interface NodeOnServer {
  readonly data: string | null
  readonly stat: Stat
  readonly acl: readonly Acl[]
}

const readsAtOnce = 500

/** Everything below `/` as this one server has it, behind a `sync`, by path. Nothing may be changing it. */
export async function treeOn(server: EnsembleServer): Promise<Map<string, NodeOnServer>> {
  const client = new Client({ servers: server.address })
  try {
    await client.connect()
    await client.sync('/')
    const paths: string[] = []
    for await (const path of client.walk('/')) paths.push(path)
    paths.sort()
    const tree = new Map<string, NodeOnServer>()
    for (let i = 0; i < paths.length; i += readsAtOnce) {
      const read = paths.slice(i, i + readsAtOnce).map(async (path) => {
        const [{ data, stat }, { acl }] = await Promise.all([client.get(path), client.getAcl(path)])
        return [path, { data: data?.toString() ?? null, stat, acl }] as const
      })
      for (const [path, node] of await Promise.all(read)) tree.set(path, node)
    }
    // There, it is not replicated: each server stamps its own with the time of its start.
    if (serverKind.name === 'ZooKeeper') tree.delete('/zookeeper/config')
    return tree
  } finally {
    await client.close()
  }
}

/** What two servers do not agree on, in words; empty when they have the same tree. */
export function differences(
  one: ReadonlyMap<string, NodeOnServer>,
  other: ReadonlyMap<string, NodeOnServer>,
): string[] {
  const show = (node: NodeOnServer | undefined): string =>
    JSON.stringify(node, (_key, value) => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value))
  return [...new Set([...one.keys(), ...other.keys()])]
    .filter((path) => !isDeepStrictEqual(one.get(path), other.get(path)))
    .map((path) => `${path}: ${show(one.get(path))} and ${show(other.get(path))}`)
}
