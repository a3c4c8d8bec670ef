import { ErrorCode } from '../wire/error-codes.ts'
import { badArguments } from './arguments.ts'
import type { NodeCalls } from './node-calls.ts'
import { childOf, parentOf } from './paths.ts'
import type { QuotaLimit, QuotaValues } from './quota-text.ts'
import { formatQuotaText, noLimits, parseQuotaText, quotaLimits } from './quota-text.ts'
import { ZkError } from './zk-error.ts'

/** What to limit: whole numbers from 0 up; null takes the limit away. */
export type QuotaLimits = Readonly<Partial<Record<QuotaLimit, number | null>>>

/** A quota as the servers keep it. */
export interface Quota {
  /** The znode that it is on. */
  readonly path: string
  /** Null where there is no limit. */
  readonly limits: QuotaValues
  /** What is used at present, the znode itself included; null where the servers have not counted it. */
  readonly usage: { readonly count: number; readonly bytes: number } | null
}

const root = '/zookeeper/quota'
const limitsName = 'zookeeper_limits'
const statsName = 'zookeeper_stats'

/**
 * The quotas of a tree. They are kept as ordinary nodes, below /zookeeper/quota at the path of the node that each is on:
 * one with the limits, and one with the usage, which the servers write.
 */
export class Quotas {
  readonly #tree: NodeCalls
  readonly #named: (serverPath: string) => string

  /**
   * @param tree with the servers' own paths; so are all paths here
   * @param named the path as the application knows it, for results and errors
   */
  constructor(tree: NodeCalls, named: (serverPath: string) => string) {
    this.#tree = tree
    this.#named = named
  }

  async get(path: string): Promise<Quota | null> {
    const found = await this.#limits(path)
    if (found === null) return null
    const stats = await this.#text(childOf(quotaNode(path), statsName))
    const used = stats === null ? noLimits : parseQuotaText(stats.text)
    const usage = used.count === null || used.bytes === null ? null : { count: used.count, bytes: used.bytes }
    return { path: this.#named(path), limits: found.limits, usage }
  }

  /** On a node and below it, by path. */
  async list(path: string): Promise<Quota[]> {
    const quotas = await Promise.all((await this.#pathsBelow(path)).sort().map((found) => this.get(found)))
    return quotas.filter((quota) => quota !== null)
  }

  async set(path: string, limits: QuotaLimits): Promise<void> {
    for (const limit of quotaLimits) {
      const value = limits[limit] ?? 0
      if (!(Number.isSafeInteger(value) && value >= 0)) {
        throw badArguments(`the limit ${limit} of ${String(value)} is not a whole number from 0 up`)
      }
    }
    if (path === '/' || path === '/zookeeper' || path.startsWith('/zookeeper/')) {
      throw badArguments(
        `${this.#named(path)} cannot have a quota: neither can "/" nor what is below /zookeeper`,
      )
    }
    if ((await this.#tree.exists(path)) === null) throw new ZkError(ErrorCode.noNode, this.#named(path))
    await this.#refuseNested(path)
    while (!(await this.#trySet(path, limits))) {
      // Somebody else changed it meanwhile: merge with that.
    }
    await this.#tree
      .create(childOf(quotaNode(path), statsName), 'count=0,bytes=0')
      .catch((error: unknown) => except(error, 'nodeExists'))
  }

  /** @param names which limits; none for the whole quota */
  async delete(path: string, names: readonly QuotaLimit[]): Promise<void> {
    if ((await this.#limits(path)) === null) {
      throw new ZkError(ErrorCode.noNode, this.#named(path), 'there is no quota on this node')
    }
    if (names.length > 0) {
      const none = Object.fromEntries(names.map((name) => [name, null]))
      while (!(await this.#trySet(path, none))) {
        // Somebody else changed it meanwhile: take the limits out of that.
      }
      return
    }
    const node = quotaNode(path)
    for (const name of [limitsName, statsName]) {
      await this.#tree.delete(childOf(node, name)).catch((error: unknown) => except(error, 'noNode'))
    }
    // The way to it goes too, as far up as nothing else hangs on it.
    for (let at = node; at !== root; at = parentOf(at)) {
      try {
        await this.#tree.delete(at)
      } catch (error) {
        if (ZkError.is(error, 'notEmpty')) return
        except(error, 'noNode')
      }
    }
  }

  /** @returns false when somebody else was faster */
  async #trySet(path: string, limits: QuotaLimits): Promise<boolean> {
    const found = await this.#limits(path)
    const given = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined))
    const text = formatQuotaText({ ...(found?.limits ?? noLimits), ...given })
    const node = childOf(quotaNode(path), limitsName)
    try {
      if (found === null) await this.#tree.createRecursive(node, text)
      else await this.#tree.set(node, text, { version: found.version })
      return true
    } catch (error) {
      except(error, 'nodeExists', 'badVersion', 'noNode')
      return false
    }
  }

  async #refuseNested(path: string): Promise<void> {
    for (let at = parentOf(path); at !== '/'; at = parentOf(at)) {
      if ((await this.#limits(at)) !== null) throw this.#nested(path, at, 'above')
    }
    const below = (await this.#pathsBelow(path)).find((found) => found !== path)
    if (below !== undefined) throw this.#nested(path, below, 'below')
  }

  #nested(path: string, other: string, where: 'above' | 'below'): ZkError {
    return badArguments(
      `${this.#named(path)} cannot have a quota: ${this.#named(other)} ${where} it has one, and they would not add up; delete that first`,
    )
  }

  /** The nodes that have a quota, from this one down. */
  async #pathsBelow(path: string): Promise<string[]> {
    const found: string[] = []
    try {
      for await (const node of this.#tree.walk(quotaNode(path))) {
        if (node.endsWith(`/${limitsName}`)) found.push(parentOf(node).slice(root.length) || '/')
      }
    } catch (error) {
      except(error, 'noNode')
    }
    return found
  }

  async #limits(path: string): Promise<{ limits: QuotaValues; version: number } | null> {
    const found = await this.#text(childOf(quotaNode(path), limitsName))
    return found === null ? null : { limits: parseQuotaText(found.text), version: found.version }
  }

  async #text(node: string): Promise<{ text: string; version: number } | null> {
    try {
      const { data, stat } = await this.#tree.get(node)
      return { text: data?.toString('utf8') ?? '', version: stat.version }
    } catch (error) {
      except(error, 'noNode')
      return null
    }
  }
}

function quotaNode(path: string): string {
  return path === '/' ? root : root + path
}

/** Throws on, unless it is one of these. */
function except(error: unknown, ...names: Parameters<typeof ZkError.is>[1][]): void {
  if (!names.some((name) => ZkError.is(error, name))) throw error
}
