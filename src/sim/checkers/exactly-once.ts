import type { Violation } from './violation.ts'

/** What became of a node that one call made, and nobody but its maker deletes. */
export interface MadeNode {
  /** Its data: it tells which call made it. */
  token: string
  made: 'acknowledged' | 'unknown'
  deleted: 'no' | 'acknowledged' | 'unknown'
}

/** Calls of sessions that asked for exactly-once, on nodes where nobody else can make them fail. */
export interface ExactlyOnceHistory {
  /** Sets of one node that take any version. */
  sets: { acknowledged: number; unknown: number }
  /** The version of that node in the end. */
  setsCounted: number
  made: readonly MadeNode[]
  /** Token and path of every node that is left in the end. */
  left: readonly { token: string; path: string }[]
  /** Calls that were refused: only an earlier try of the same call can have got in their way. */
  refused: readonly { call: string; code: string }[]
}

/** Whether every call that was answered was carried out once, however often its client had to send it. */
export function checkExactlyOnce(history: ExactlyOnceHistory): Violation[] {
  const violations: Violation[] = []
  const found = (problem: string): void => {
    violations.push({ rule: 'exactly once', problem })
  }
  const { sets, setsCounted } = history
  if (setsCounted < sets.acknowledged || setsCounted > sets.acknowledged + sets.unknown) {
    const called = `${sets.acknowledged} were acknowledged, ${sets.unknown} not answered`
    found(`the node was set ${setsCounted} times: ${called}`)
  }
  for (const { call, code } of history.refused)
    found(`${call} was refused (${code}), and only its own retry can be why`)
  const places = new Map<string, string>()
  for (const { token, path } of history.left) {
    const other = places.get(token)
    if (other !== undefined) found(`one call made two nodes: ${other} and ${path}`)
    places.set(token, path)
  }
  const made = new Map(history.made.map((one) => [one.token, one]))
  for (const { token, path } of history.left) {
    const one = made.get(token)
    if (one === undefined) found(`${path} was deleted or never asked for, and is there ("${token}")`)
    else if (one.deleted === 'acknowledged') found(`${path} is there, though its deletion was acknowledged`)
  }
  for (const { token, made: how, deleted } of history.made) {
    if (how === 'acknowledged' && deleted === 'no' && !places.has(token)) {
      found(`the node of ${token} was acknowledged, never deleted, and is gone`)
    }
  }
  return violations
}
