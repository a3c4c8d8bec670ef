import type { FollowerEffect, FollowerFacts } from '../../src/replication/follower.ts'
import type { LeaderState } from '../../src/replication/leader-state.ts'
import type { FollowerMessage, LeaderMessage } from '../../src/replication/messages.ts'
import type { Following, Leading, ServerState, Write } from './model/state.ts'
import { newTransaction, recordsOf, type Transaction, transactionsIn } from './model/transactions.ts'

/** Other ids for all servers. */
export interface Permutation {
  readonly number: number
  /** By id; nobody has id 0. */
  readonly to: readonly number[]
  readonly inverse: readonly number[]
}

export function everyPermutation(size: number): Permutation[] {
  const orders = ordersOf(Array.from({ length: size }, (_, i) => i + 1))
  return orders.map((order, number) => {
    const to = [0, ...order]
    return { number, to, inverse: to.map((_, id) => to.indexOf(id)) }
  })
}

function ordersOf(ids: readonly number[]): number[][] {
  if (ids.length === 0) return [[]]
  return ids.flatMap((id) => ordersOf(ids.filter((other) => other !== id)).map((rest) => [id, ...rest]))
}

/** The same server in an ensemble whose servers have other ids. */
export function renameServer(server: ServerState, by: Permutation): ServerState {
  const { durable, building, leading, following } = server
  return {
    id: idOf(server.id, by),
    durable: { ...durable, promisedTo: maybeId(durable.promisedTo, by) },
    log: renameTransactions(server.log, by),
    building: building === null ? null : renameTransactions(building, by),
    writes: server.writes.map((write) => renameEffect(write, by) as Write),
    heard: renameKeys(server.heard, by),
    leading: leading === null ? null : renameLeading(leading, by),
    following: following === null ? null : renameFollowing(following, by),
  }
}

export const renameTransactions = (history: readonly Transaction[], by: Permutation): Transaction[] =>
  history.map(({ zxid, name }) => {
    const [proposer, rest] = name.split(':')
    return newTransaction(zxid, `${idOf(Number(proposer), by)}:${rest}`)
  })

function idOf(id: number, { to }: Permutation): number {
  const other = to[id]
  if (other === undefined) throw new Error(`no server ${id}`)
  return other
}

const maybeId = (id: number | null, by: Permutation): number | null => (id === null ? null : idOf(id, by))

const renameRecords = (records: Buffer, by: Permutation): Buffer =>
  recordsOf(renameTransactions(transactionsIn(records), by))

/** In the same order: who came first may count. */
function renameKeys<V>(
  map: ReadonlyMap<number, V>,
  by: Permutation,
  value = (one: V): V => one,
): Map<number, V> {
  return new Map([...map].map(([id, one]) => [idOf(id, by), value(one)]))
}

const renameSet = (ids: ReadonlySet<number>, by: Permutation): Set<number> =>
  new Set([...ids].map((id) => idOf(id, by)))

function renameLeading(leading: Leading, by: Permutation): Leading {
  return {
    ...leading,
    machine: renameLeader(leading.machine, by),
    links: renameKeys(leading.links, by, (link) => ({
      ...link,
      up: link.up.map((message) => (message === null ? null : renameMessage(message, by))),
    })),
    jobs: leading.jobs.map((job) => ({ ...job, to: idOf(job.to, by) })),
    history: leading.history === null ? null : renameTransactions(leading.history, by),
    syncs: new Map(leading.syncs),
  }
}

function renameLeader(machine: LeaderState, by: Permutation): LeaderState {
  const { discovery, confirmation } = machine
  return {
    ...machine,
    successor: maybeId(machine.successor, by),
    source: maybeId(machine.source, by),
    followers: renameKeys(machine.followers, by, (follower) => ({
      ...follower,
      held: follower.held.map((message) => renameMessage(message, by)),
    })),
    discovery: {
      ...discovery,
      joins: renameKeys(discovery.joins, by),
      acks: renameKeys(discovery.acks, by),
      confirmed: renameSet(discovery.confirmed, by),
      electors: renameSet(discovery.electors, by),
    },
    confirmation: {
      ...confirmation,
      answered: renameKeys(confirmation.answered, by),
      waiting: confirmation.waiting.map(({ round, request }) => ({
        round,
        request: { ...request, server: idOf(request.server, by) },
      })),
    },
  }
}

function renameFollowing(following: Following, by: Permutation): Following {
  return {
    ...following,
    leader: idOf(following.leader, by),
    facts: renameFacts(following.facts, by),
    machine: { ...following.machine },
    down: following.down.map((message) => (message === null ? null : renameMessage(message, by))),
  }
}

const renameFacts = (facts: FollowerFacts, by: Permutation): FollowerFacts => ({
  ...facts,
  leader: idOf(facts.leader, by),
  promisedTo: maybeId(facts.promisedTo, by),
})

function renameEffect(effect: FollowerEffect, by: Permutation): FollowerEffect {
  const after = (effects: FollowerEffect[]) => effects.map((one) => renameEffect(one, by))
  switch (effect.kind) {
    case 'send':
      return { ...effect, message: renameMessage(effect.message, by) }
    case 'saveState':
    case 'finishReplacement': {
      const { promisedTo } = effect.changes
      const changes = promisedTo === undefined ? {} : { promisedTo: maybeId(promisedTo, by) }
      return { ...effect, changes: { ...effect.changes, ...changes }, after: after(effect.after) }
    }
    case 'append':
      return { ...effect, records: renameRecords(effect.records, by), after: after(effect.after) }
    case 'replacementSnapshot':
      return { ...effect, bytes: renameRecords(effect.bytes, by) }
    case 'replacementRecords':
      return { ...effect, records: renameRecords(effect.records, by) }
    case 'whenDurable':
      return { ...effect, after: after(effect.after) }
    default:
      return effect
  }
}

function renameMessage<M extends FollowerMessage | LeaderMessage>(message: M, by: Permutation): M {
  switch (message.type) {
    case 'propose':
      return { ...message, records: renameRecords(message.records, by) }
    case 'historySnapshot':
    case 'historyRecords':
      return { ...message, bytes: renameRecords(message.bytes, by) }
    case 'handOver':
      return { ...message, successor: idOf(message.successor, by) }
    default:
      return message
  }
}
