import { Client } from '../../src/client/client.ts'
import type { ClientOptions } from '../../src/client/index.ts'
import { ZkError } from '../../src/client/index.ts'
import type { JuteWriter } from '../../src/wire/jute-writer.ts'
import { StatResponse } from '../../src/wire/requests.ts'
import type { ServerEnd } from './fake-world.ts'
import { FakeWorld } from './fake-world.ts'

const aStat = {
  czxid: 1,
  mzxid: 1,
  ctime: 0,
  mtime: 0,
  version: 0,
  cversion: 0,
  aversion: 0,
  ephemeralOwner: 0n,
  dataLength: 0,
  numChildren: 0,
  pzxid: 1,
}

/** The body of most replies. */
export const statBody = (writer: JuteWriter): void => StatResponse.write(writer, { stat: aStat })

/** A client that has its session with a server of a made-up world, and the states that it told. */
export async function connected(
  options: ClientOptions = {},
  welcome: Parameters<ServerEnd['welcome']>[0] = {},
): Promise<{ world: FakeWorld; client: Client; states: string[] }> {
  const world = new FakeWorld()
  const client = new Client({
    servers: 'a:1,b:2,c:3',
    sessionTimeoutMs: 9000,
    runtime: world.runtime,
    ...options,
  })
  const states: string[] = []
  client.on('state', (state) => states.push(state))
  const connecting = client.connect()
  await world.settle()
  world.end.welcome(welcome)
  await world.settle()
  await connecting
  return { world, client, states }
}

/** What a call came to, for looking at later. */
export function outcome(call: Promise<unknown>): { value: unknown } {
  const seen: { value: unknown } = { value: 'pending' }
  call.then(
    (value) => {
      seen.value = value ?? 'done'
    },
    (error: unknown) => {
      seen.value = error instanceof ZkError ? error.name : error
    },
  )
  return seen
}
