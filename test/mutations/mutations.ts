import { replicationMutations } from './list/replication.ts'
import { serverMutations } from './list/server.ts'
import { stateMutations } from './list/state.ts'
import { storageMutations } from './list/storage.ts'
import type { Mutation } from './mutation.ts'

/** Every known bug that the simulator has to find. */
export const mutations: readonly Mutation[] = [
  ...replicationMutations,
  ...storageMutations,
  ...stateMutations,
  ...serverMutations,
]
