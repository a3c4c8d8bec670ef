import type { Violation } from './violation.ts'

/** One session from its beginning to its end, as its client lived through it. */
export interface SessionLife {
  /** Which of the workload's clients; each has one session only. */
  client: number
  sessionId: number
  /** Its ephemeral node. */
  ephemeral: string
  /** A node that outlives it, if its creation was acknowledged. */
  lasting: string | null
  /** It could write, and saw just before that its ephemeral node, which was acknowledged, was gone. */
  missedOwnEphemeral: boolean
}

export interface SessionsLeft {
  /** When every session has long ended: ephemeral nodes that are still there, with their owners. */
  ephemerals: ReadonlyMap<string, number>
  /** All nodes that outlive their sessions. */
  lasting: ReadonlySet<string>
}

/** Whether sessions are told apart, keep their ephemeral nodes while they live, and leave what is to last behind. */
export function checkSessions(lives: readonly SessionLife[], left: SessionsLeft): Violation[] {
  const violations: Violation[] = []
  const clients = new Map<number, number>()
  for (const { client, sessionId, ephemeral, lasting, missedOwnEphemeral } of lives) {
    const id = `0x${sessionId.toString(16)}`
    const other = clients.get(sessionId)
    if (other !== undefined) {
      violations.push({
        rule: 'one client a session',
        problem: `clients ${other} and ${client} both got session ${id}`,
      })
    }
    clients.set(sessionId, client)
    if (missedOwnEphemeral) {
      const problem = `${ephemeral} was gone while its session ${id} of client ${client} lived`
      violations.push({ rule: 'ephemeral while its session lives', problem })
    }
    if (lasting !== null && !left.lasting.has(lasting)) {
      violations.push({ rule: 'nothing lost', problem: `${lasting}, acknowledged to session ${id}, is gone` })
    }
  }
  for (const [path, owner] of left.ephemerals) {
    const problem = `${path} is still there, though its session 0x${owner.toString(16)} must have ended`
    violations.push({ rule: 'ephemeral gone with its session', problem })
  }
  return violations
}
