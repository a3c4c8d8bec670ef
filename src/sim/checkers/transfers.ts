import { checkNodeOrder, type NodeContent, type Sight } from './node-order.ts'
import type { Outcome } from './operation.ts'
import type { Violation } from './violation.ts'

/** Who was told of it, and what it knew before and after; as in `Sight`. */
type Telling = Pick<Sight, 'client' | 'sessionId' | 'calledUs' | 'returnedUs' | 'floorZxid' | 'ceilingZxid'>

/** A transaction that moves money from one account to another. Data of an account: "<balance> <token>". */
export interface Transfer extends Telling {
  /** Its own text, that each account it writes then holds. */
  token: string
  /** It contains an operation that cannot succeed, so nothing of it may. */
  poisoned: boolean
  /** What it left, by the paths that it wrote. */
  outcome: Outcome<ReadonlyMap<string, NodeContent>>
}

/** All accounts as of one moment. */
export interface Look extends Telling {
  contents: ReadonlyMap<string, NodeContent>
}

/**
 * Whether transactions took effect all together or not at all, and reads of several nodes in one request show one moment.
 *
 * @param total what all accounts hold together, at any moment
 */
export function checkTransfers(
  total: number,
  transfers: readonly Transfer[],
  looks: readonly Look[],
): Violation[] {
  const violations: Violation[] = []
  const refused = new Map<string, string>()
  const sights = new Map<string, Sight[]>()
  const see = (path: string, sight: Sight): void => {
    const known = sights.get(path)
    if (known === undefined) sights.set(path, [sight])
    else known.push(sight)
  }
  for (const { token, poisoned, outcome, ...telling } of transfers) {
    const where = `transfer ${token} by client ${telling.client}`
    if (outcome.kind === 'refused') {
      refused.set(token, outcome.code)
      if (outcome.code !== 'badVersion' && !(poisoned && outcome.code === 'nodeExists')) {
        violations.push({
          rule: 'all or nothing',
          problem: `${where}: refused without a reason: ${outcome.code}`,
        })
      }
    }
    if (outcome.kind !== 'ok') continue
    const zxids = new Set([...outcome.output.values()].map(({ mzxid }) => mzxid))
    if (poisoned) {
      violations.push({
        rule: 'all or nothing',
        problem: `${where}: carried out, with an operation that cannot be`,
      })
    }
    if (zxids.size !== 1) {
      violations.push({ rule: 'all or nothing', problem: `${where}: one transaction, ${zxids.size} zxids` })
    }
    for (const [path, content] of outcome.output) see(path, { ...telling, kind: 'write', content })
  }
  for (const { contents, ...telling } of looks) {
    let sum = 0
    let newestZxid = telling.floorZxid
    for (const { value, mzxid } of contents.values()) {
      sum += Number(value.split(' ')[0])
      newestZxid = Math.max(newestZxid, mzxid)
    }
    if (sum !== total) {
      const shown = [...contents].map(([path, { value }]) => `${path}: ${value}`).join(', ')
      const problem = `client ${telling.client} saw a sum of ${sum}, expected ${total} (${shown})`
      violations.push({ rule: 'constant sum', problem })
    }
    for (const [path, content] of contents) {
      const code = refused.get(content.value.split(' ')[1] ?? '')
      if (code !== undefined) {
        const problem = `${path} holds "${content.value}" of a transfer that was refused: ${code}`
        violations.push({ rule: 'all or nothing', problem })
      }
      // Of one moment: not older than the newest of them.
      see(path, { ...telling, floorZxid: newestZxid, kind: 'read', content })
    }
  }
  for (const [path, seen] of sights) violations.push(...checkNodeOrder(path, seen))
  return violations
}
