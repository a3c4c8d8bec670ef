import type { NodeCalls } from './node-calls.ts'
import { childOf, parentOf } from './paths.ts'
import type { CreateOptions, NodeData } from './types.ts'
import { ZkError } from './zk-error.ts'

/** So many calls of one helper are under way at a time. */
const batchSize = 256

export async function createRecursive(
  client: NodeCalls,
  path: string,
  data: NodeData,
  options: CreateOptions,
  ensureParent: () => Promise<void>,
): Promise<string> {
  while (true) {
    try {
      return await client.create(path, data, options)
    } catch (error) {
      if (!ZkError.is(error, 'noNode')) throw error
      // Also again when somebody deletes the parent in between.
      await ensureParent()
    }
  }
}

/** @param ensureRoot makes "/" itself, which is missing when it is a chroot that nobody made */
export async function ensurePath(
  client: NodeCalls,
  path: string,
  ensureRoot: () => Promise<void>,
): Promise<void> {
  if (path === '/') return ensureRoot()
  while (true) {
    try {
      await client.create(path)
      return
    } catch (error) {
      if (ZkError.is(error, 'nodeExists')) return
      if (!ZkError.is(error, 'noNode')) throw error
      await ensurePath(client, parentOf(path), ensureRoot)
    }
  }
}

export async function* walk(
  client: NodeCalls,
  path: string,
  onUnreadable?: (error: ZkError) => void,
): AsyncGenerator<string, void, void> {
  const childrenOf = async (parent: string): Promise<string[] | null> => {
    try {
      return await client.getChildren(parent)
    } catch (error) {
      if (parent === path) throw error
      if (ZkError.is(error, 'noNode')) return null
      if (onUnreadable === undefined || !ZkError.is(error, 'noAuth')) throw error
      onUnreadable(error)
      return []
    }
  }
  let level = [path]
  while (level.length > 0) {
    const next: string[] = []
    for (let at = 0; at < level.length; at += batchSize) {
      const batch = level.slice(at, at + batchSize)
      const lists = await Promise.all(batch.map(childrenOf))
      for (const [index, children] of lists.entries()) {
        const parent = batch[index]
        if (parent === undefined || children === null) continue
        yield parent
        for (const name of children.sort()) next.push(childOf(parent, name))
      }
    }
    level = next
  }
}

export async function deleteRecursive(client: NodeCalls, path: string): Promise<number> {
  let deleted = 0
  while (true) {
    const paths: string[] = []
    for await (const found of client.walk(path)) {
      if (!isReserved(found)) paths.push(found)
    }
    let leftover = false
    // Children before their parents. The calls take effect in their order, so a whole batch may be under way.
    paths.reverse()
    for (let at = 0; at < paths.length; at += batchSize) {
      const outcomes = await Promise.allSettled(
        paths.slice(at, at + batchSize).map((found) => client.delete(found)),
      )
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') deleted++
        else if (ZkError.is(outcome.reason, 'notEmpty')) leftover = true
        else if (!ZkError.is(outcome.reason, 'noNode')) throw outcome.reason
      }
    }
    // Somebody created more meanwhile.
    if (!leftover) return deleted
  }
}

/** Nodes that the servers keep for themselves and do not let go. */
function isReserved(path: string): boolean {
  return path === '/' || path === '/zookeeper' || path.startsWith('/zookeeper/')
}
