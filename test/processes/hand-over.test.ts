import { expect, test } from 'vitest'
import type { Client, ClientState, WatchEvent } from '../../src/client/index.ts'
import { Ensemble } from './harness/ensemble.ts'
import { RawClient } from './harness/raw-client.ts'
import { serverKind } from './harness/server-kind.ts'
import { until } from './harness/until.ts'
import { Writer } from './writer.ts'

const ephemeral = 1

// ZooKeeper leaves the lead where it is.
test.skipIf(serverKind.name !== 'Banyan')(
  'hand-over: the highest id comes back under load -> it leads, and no client loses connection, session, ephemeral or watch',
  async () => {
    const ensemble = await Ensemble.start()
    await ensemble.server(3).kill()
    await ensemble.ledBy(2)

    const guests = await Promise.all([1, 2].map((id) => Guest.at(ensemble, id)))
    const raw = await Promise.all(
      [1, 2].map(async (id) => {
        const client = await RawClient.attach(ensemble.server(id).member.clientPort)
        await client.reply(client.create(`/raw-${id}`, '', ephemeral))
        return client
      }),
    )
    const writers = guests.map((guest, i) => new Writer(guest.client, `/writer-${i}`))
    await Promise.all(writers.map((writer) => writer.prepare()))
    const writing = Promise.all(writers.map((writer) => writer.run()))

    ensemble.server(3).start()
    await ensemble.ledBy(3)
    const before = writers.map((writer) => writer.acknowledged)
    await until('writes under the new leader', () =>
      writers.every((writer, i) => writer.acknowledged > (before[i] ?? 0) + 20),
    )
    for (const writer of writers) writer.stop()
    await writing

    expect(writers.flatMap((writer) => writer.failures)).toEqual([])
    expect(guests.flatMap((guest) => guest.states)).toEqual([])
    expect(raw.map((client) => client.closed)).toEqual([false, false])

    const three = await ensemble.client({ servers: ensemble.server(3).address })
    for (const name of ['guest-1', 'guest-2', 'raw-1', 'raw-2']) {
      expect(await three.exists(`/${name}`)).not.toBeNull()
    }
    for (const guest of guests) await three.set(guest.watched, 'changed')
    for (const guest of guests) {
      await until('the watch to fire', () => guest.events.length > 0)
      expect(guest.events.map(({ type, path }) => [type, path])).toEqual([['dataChanged', guest.watched]])
    }

    // The new leader ends sessions, too: those that are closed, and those that are not heard of any more.
    await guests[0]?.client.close()
    await until('the ephemeral of a closed session to go', async () => {
      await three.sync('/')
      return (await three.exists('/guest-1')) === null
    })
    expect(await three.exists('/guest-2')).not.toBeNull()
  },
)

test('hand-over: a session that is no longer heard of expires under the leader that came after', async () => {
  const ensemble = await Ensemble.start()
  const leader = await ensemble.settled()
  const [here] = ensemble.others(leader)
  if (here === undefined) throw new Error('no follower')
  const dying = await RawClient.attach(here.member.clientPort, 1000)
  await dying.reply(dying.create('/dying', '', ephemeral))
  const living = await ensemble.client()
  await living.create('/living', null, { ephemeral: true })
  dying.hangUp()
  await leader.kill()
  await until('the ephemeral to go', async () => (await living.exists('/dying')) === null)
  expect(await living.exists('/living')).not.toBeNull()
})

/** A client at one server, with an ephemeral node and a watch, that notes whatever happens to it. */
class Guest {
  readonly client: Client
  readonly watched: string
  readonly states: ClientState[] = []
  readonly events: WatchEvent[] = []

  private constructor(client: Client, watched: string) {
    this.client = client
    this.watched = watched
  }

  static async at(ensemble: Ensemble, id: number): Promise<Guest> {
    const client = await ensemble.client({ servers: ensemble.server(id).address })
    const guest = new Guest(client, `/watched-${id}`)
    await client.create(guest.watched, 'start')
    await client.create(`/guest-${id}`, null, { ephemeral: true })
    await client.get(guest.watched, { watch: (event) => void guest.events.push(event) })
    client.on('state', (state) => void guest.states.push(state))
    return guest
  }
}
