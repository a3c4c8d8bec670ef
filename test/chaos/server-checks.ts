import type { Violation } from '../../src/sim/checkers/violation.ts'

/** What one server said of itself: its log over all its lives, and its answer to `hash`. */
export interface ServerWords {
  readonly id: number
  readonly log: string
  readonly hash: string
}

/** Epochs, each with the servers that said they led it. */
export function reigns(servers: readonly ServerWords[]): Map<number, Set<number>> {
  const leadersOf = new Map<number, Set<number>>()
  for (const { id, log } of servers) {
    for (const [, epoch] of log.matchAll(/\bleads\b.*\bepoch=(\d+)/g)) {
      const leaders = leadersOf.get(Number(epoch)) ?? new Set()
      leadersOf.set(Number(epoch), leaders.add(id))
    }
  }
  return leadersOf
}

export function checkServers(servers: readonly ServerWords[]): Violation[] {
  return [...twoLeaders(servers), ...differentStates(servers), ...brokenInvariants(servers)]
}

function twoLeaders(servers: readonly ServerWords[]): Violation[] {
  return [...reigns(servers)]
    .filter(([, leaders]) => leaders.size > 1)
    .map(([epoch, leaders]) => ({
      rule: 'one leader per epoch',
      problem: `epoch ${epoch} was led by servers ${[...leaders].join(' and ')}`,
    }))
}

function differentStates(servers: readonly ServerWords[]): Violation[] {
  const seen = new Map<string, { digest: string; id: number }>()
  const violations: Violation[] = []
  for (const { id, hash } of servers) {
    for (const [, zxid = '', digest = ''] of hash.matchAll(/^([0-9a-f]+): (\d+)$/gm)) {
      const first = seen.get(zxid)
      if (first === undefined) seen.set(zxid, { digest, id })
      else if (first.digest !== digest) {
        violations.push({
          rule: 'equal digest at equal zxid',
          problem: `at zxid 0x${zxid} server ${first.id} has digest ${first.digest}, server ${id} has ${digest}`,
        })
      }
    }
  }
  return violations
}

function brokenInvariants(servers: readonly ServerWords[]): Violation[] {
  return servers.flatMap(({ id, log }) =>
    [...log.matchAll(/^.*\bERROR\b.*$/gm)].map(([line]) => ({
      rule: 'no server finds anything broken',
      problem: `server ${id} said: ${line}`,
    })),
  )
}
