import { expect, test } from 'vitest'
import { Ensemble } from './harness/ensemble.ts'
import { until } from './harness/until.ts'

test('election: three fresh servers -> server 3 leads, 1 and 2 follow, and all serve the same tree', async () => {
  const ensemble = await Ensemble.start()
  await ensemble.ledBy(3)
  expect(await Promise.all(ensemble.servers.map((server) => server.mode()))).toEqual([
    'follower',
    'follower',
    'leader',
  ])
  const [one, two, three] = await Promise.all(
    ensemble.servers.map((server) => ensemble.client({ servers: server.address })),
  )
  expect(await one?.create('/greeting', 'hello')).toBe('/greeting')
  for (const client of [two, three]) {
    await client?.sync('/greeting')
    expect((await client?.get('/greeting'))?.data?.toString()).toBe('hello')
  }
})

test('election: two of three are started -> the higher one leads; one alone serves nobody', async () => {
  const ensemble = await Ensemble.prepare()
  const [one, two] = [ensemble.server(1), ensemble.server(2)]
  one.start()
  two.start()
  await ensemble.ledBy(2)
  const client = await ensemble.client({ servers: one.address })
  await client.create('/both', 'there')
  await two.kill()
  await until('server 1 to serve no longer', async () => (await one.mode()) === null)
  two.start()
  await ensemble.settled()
  expect((await client.get('/both')).data?.toString()).toBe('there')
})
