import { describe, expect, test } from 'vitest'
import { Client } from '../../src/client/client.ts'
import { ZkError } from '../../src/client/index.ts'
import { GetEphemeralsResponse } from '../../src/wire/requests.ts'
import { connected } from './fake-session.ts'

describe('session: arguments', () => {
  const refused = async (call: (client: Client) => Promise<unknown>): Promise<string> => {
    const { world, client } = await connected()
    const error = await call(client).catch((reason: unknown) => reason)
    await world.settle()
    expect(world.end.take()).toEqual([])
    return error instanceof ZkError ? `${error.name}: ${error.message}` : String(error)
  }

  test.each<[string, (client: Client) => Promise<unknown>, string]>([
    ['TTL 0', (client) => client.create('/a', null, { ttlMs: 0 }), 'from 1 to 1099511627775'],
    ['TTL 2^40', (client) => client.create('/a', null, { ttlMs: 2 ** 40 }), 'from 1 to 1099511627775'],
    [
      'ephemeral TTL',
      (client) => client.create('/a', null, { ttlMs: 1, ephemeral: true }),
      'cannot have a TTL',
    ],
    [
      'sequential container',
      (client) => client.create('/a', null, { container: true, sequential: true }),
      'container',
    ],
    ['half a version', (client) => client.set('/a', 'x', { version: 1.5 }), 'the version 1.5'],
    ['a version of 33 bits', (client) => client.delete('/a', { version: 2 ** 31 }), 'the version 2147483648'],
    ['a relative prefix', (client) => client.getEphemerals('a'), 'does not start with "/"'],
    [
      'a path in a multiRead',
      (client) => client.multiRead([{ type: 'get', path: 'a' }]),
      'does not start with "/"',
    ],
    ['a negative limit', (client) => client.setQuota('/a', { count: -1 }), 'count of -1'],
    ['a quota on /', (client) => client.setQuota('/', { count: 1 }), '/ cannot have a quota'],
  ])('%s -> badArguments, nothing is sent', async (_what, call, reason) => {
    const error = await refused(call)
    expect(error).toContain('badArguments: ')
    expect(error).toContain(reason)
  })

  test('options out of range -> RangeError that names option, value and range', () => {
    for (const sessionTimeoutMs of [0, -1, 1.5, 2 ** 31, Number.NaN]) {
      expect(() => new Client({ sessionTimeoutMs })).toThrow(
        `sessionTimeoutMs: found ${sessionTimeoutMs}, expected a whole number from 1 to 2147483647`,
      )
    }
  })

  test('ephemerals: asked for and told below the chroot', async () => {
    const { world, client } = await connected({ servers: 'a:1/app' })
    const all = client.getEphemerals()
    await world.settle()
    const [request] = world.end.take()
    expect(request?.body.string()).toBe('/app/')
    world.end.reply(request?.xid ?? 0, 60, 0, (writer) =>
      GetEphemeralsResponse.write(writer, { ephemerals: ['/app/a'] }),
    )
    expect(await all).toEqual(['/a'])
  })
})
