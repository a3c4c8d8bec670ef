import { expect } from 'vitest'
import { Ensemble } from '../processes/harness/ensemble.ts'
import { until } from '../processes/harness/until.ts'
import { testWith } from './needs.ts'
import { PatroniNode, scope } from './patroni.ts'

testWith(
  ['patroni', 'postgresql', 'python3-kazoo'],
  'foreign: Patroni -> switches the leader of two PostgreSQL servers, also after the leading server was killed',
  async () => {
    const ensemble = await Ensemble.start()
    const hosts = ensemble.servers.map((server) => server.address)
    const client = await ensemble.client()
    const leaderKey = `/service/${scope}/leader`

    const one = await PatroniNode.start('one', ensemble.folder, hosts)
    await one.becomes('master')
    const two = await PatroniNode.start('two', ensemble.folder, hosts)
    await two.becomes('replica')
    one.sql('create table t (n int)')
    const insert = async (leader: PatroniNode, follower: PatroniNode, n: number): Promise<void> => {
      leader.sql(`insert into t values (${n})`)
      await until(`row ${n} on node ${follower.name}`, () =>
        follower.sql('select n from t order by n').split('\n').includes(String(n)),
      )
    }
    await insert(one, two, 1)

    const switchOver = async (from: PatroniNode, to: PatroniNode): Promise<void> => {
      const said = to.control('switchover', scope, '--leader', from.name, '--candidate', to.name, '--force')
      expect(said).toContain(`Successfully switched over to "${to.name}"`)
      await to.becomes('master')
      await from.becomes('replica')
      expect((await client.get(leaderKey)).data?.toString()).toBe(to.name)
    }
    await switchOver(one, two)
    await insert(two, one, 2)

    const before = { health: await two.health(), key: (await client.get(leaderKey)).stat }
    const killed = await ensemble.settled()
    await killed.kill()
    await ensemble.settled()
    // Its next report of how far it got goes through what is left of the ensemble.
    const status = (): Promise<{ stat: { mzxid: number } }> => client.get(`/service/${scope}/status`)
    const reported = (await status()).stat.mzxid
    await insert(two, one, 3)
    await until('a report of the PostgreSQL leader', async () => (await status()).stat.mzxid > reported)
    const { stat } = await client.get(leaderKey)
    expect([stat.czxid, stat.ephemeralOwner]).toEqual([before.key.czxid, before.key.ephemeralOwner])
    expect(await two.health()).toMatchObject({ role: 'master', timeline: before.health?.timeline })
    expect(two.demotions).toBe(0)

    await switchOver(two, one)
    await insert(one, two, 4)
    expect(one.sql('select n from t order by n')).toBe('1\n2\n3\n4')
  },
  90_000,
)
