import type { StateChanges } from '../../../src/replication/follower.ts'
import { Violation } from './ledger.ts'
import type { Mutation } from './mutation.ts'
import type { ServerState, Write } from './state.ts'
import { lastOf, names, transactionsIn } from './transactions.ts'

/** Performs one write on the disk of a server. What was asked for and not performed is lost in a crash. */
export function performWrite(server: ServerState, write: Write, mutation: Mutation | null): void {
  switch (write.kind) {
    case 'saveState':
      return saveState(server, write.changes, mutation)
    case 'append': {
      const added = transactionsIn(write.records)
      const first = added[0]
      if (first !== undefined && lastOf(server.log) >= first.zxid) {
        throw new Violation(`server ${server.id} appends ${names(added)} behind ${names(server.log)}`)
      }
      server.log = [...server.log, ...added]
      return
    }
    case 'truncate':
      server.log = server.log.filter(({ zxid }) => zxid <= write.to)
      return
    case 'startReplacement':
      server.building = []
      return
    case 'replacementSnapshot':
      server.building = [...(server.building ?? []), ...transactionsIn(write.bytes)]
      return
    case 'replacementRecords':
      server.building = [...(server.building ?? []), ...transactionsIn(write.records)]
      return
    case 'finishReplacement':
      server.log = server.building ?? []
      server.building = null
      return saveState(server, write.changes, mutation)
    case 'whenDurable':
  }
}

function saveState(server: ServerState, changes: StateChanges, mutation: Mutation | null): void {
  if (mutation !== 'promise is not durable' || changes.currentEpoch !== undefined) {
    server.durable = { ...server.durable, ...changes }
  }
}
