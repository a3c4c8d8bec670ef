import { clientCount, home } from '../program.ts'

export interface ModelNode {
  /** The client whose session keeps it; null for one that stays. */
  owner: number | null
  version: number
  /** How many children it ever had: the number in the next sequential name. */
  created: number
}

/**
 * What the generator believes to be there, so that most requests meet something. It knows nothing of permissions and quotas:
 * where it is wrong, a request misses, and that is as good a test.
 */
export class Model {
  readonly nodes = new Map<string, ModelNode>([[home, { owner: null, version: 0, created: 0 }]])
  /** Which clients have a connection. */
  readonly open: boolean[] = Array.from({ length: clientCount }, () => false)
  /** Which clients ever had a session. */
  readonly met: boolean[] = Array.from({ length: clientCount }, () => false)

  paths(): string[] {
    return [...this.nodes.keys()]
  }

  childrenOf(path: string): string[] {
    return this.paths().filter((other) => parentOf(other) === path)
  }

  /** The path that a create would make. */
  made(path: string, sequential: boolean): string {
    const parent = this.nodes.get(parentOf(path))
    return sequential ? path + String(parent?.created ?? 0).padStart(10, '0') : path
  }

  create(path: string, owner: number | null, sequential: boolean): void {
    const name = this.made(path, sequential)
    const parent = this.nodes.get(parentOf(path))
    if (parent === undefined || parent.owner !== null || this.nodes.has(name) || name.endsWith('/')) return
    parent.created++
    this.nodes.set(name, { owner, version: 0, created: 0 })
  }

  delete(path: string): void {
    if (path !== home && this.childrenOf(path).length === 0) this.nodes.delete(path)
  }

  set(path: string): void {
    const node = this.nodes.get(path)
    if (node !== undefined) node.version++
  }

  closeSession(client: number): void {
    this.open[client] = false
    for (const [path, { owner }] of this.nodes) if (owner === client) this.nodes.delete(path)
  }
}

export function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 1))
}
