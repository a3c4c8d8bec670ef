import type { Client } from '../../src/client/index.ts'

/** A fixed piece of work, the same in every run. */
export interface Load {
  readonly name: string
  /** Calls of each client that are under way at once. */
  readonly inFlight: number
  /** By clients that ask for each write to be taken exactly once, as ours do unless told otherwise; plain ones do not. */
  readonly exactlyOnce?: boolean
  readonly call: (client: Client, path: string, k: number) => Promise<unknown>
}

/** As in the targets of the benchmark. */
const data = Buffer.alloc(100, 'banyan')

const set: Load['call'] = (client, path) => client.set(path, data)
const get: Load['call'] = (client, path) => client.get(path)

export const setLoad: Load = { name: 'set', inFlight: 10, call: set }
export const createLoad: Load = {
  name: 'create',
  inFlight: 10,
  call: (client, path, k) => client.create(`${path}/${k}`, data),
}
export const getLoad: Load = { name: 'get', inFlight: 10, call: get }
export const mixedLoad: Load = {
  name: '90 % get',
  inFlight: 10,
  call: (client, path, k) => (k % 10 === 0 ? set : get)(client, path, k),
}
export const oneSetLoad: Load = { name: 'set, one in flight', inFlight: 1, call: set }
export const exactSetLoad: Load = { name: 'set, exactly once', inFlight: 10, exactlyOnce: true, call: set }

const pathOf = (client: number): string => `/client-${client}`

/** What the loads work on: one node for each of so many clients. */
export async function prepareNodes(client: Client, clients: number): Promise<void> {
  await Promise.all(Array.from({ length: clients }, (_, i) => client.create(pathOf(i), data)))
}

/**
 * Each client has always `inFlight` calls under way, until all have made `operations` together. `first` numbers the first
 * call, so that no two runs create the same node.
 */
export async function run(
  load: Load,
  clients: readonly Client[],
  operations: number,
  first: number,
): Promise<void> {
  const share = Math.ceil(operations / clients.length)
  const chains = clients.flatMap((client, i) => {
    let next = 0
    const chain = async (): Promise<void> => {
      while (next < share) await load.call(client, pathOf(i), first + next++)
    }
    return Array.from({ length: load.inFlight }, chain)
  })
  await Promise.all(chains)
}
