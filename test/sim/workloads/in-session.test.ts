import { describe, expect, it } from 'vitest'
import type { Client } from '../../../src/client/client.ts'
import { SimEnsemble } from '../../../src/sim/sim-ensemble.ts'
import { inSession } from '../../../src/sim/workloads/in-session.ts'
import { UntilStopped } from '../../../src/sim/workloads/until-stopped.ts'

interface Waiting {
  readonly ensemble: SimEnsemble
  readonly client: Client
  readonly until: UntilStopped
  /** What `inSession` has said so far. */
  readonly said: boolean[]
}

/** One server and one client that is cut off from it, for whose connection somebody waits. */
async function waiting(): Promise<Waiting> {
  const ensemble = new SimEnsemble({ seed: 1, servers: 1 })
  ensemble.start()
  await ensemble.untilServing()
  const client = await ensemble.connectedClient({ sessionTimeoutMs: 2000 })
  const until = new UntilStopped(ensemble.world.host('workload').runtime.timers)
  expect(await inSession(client, until)).toBe(true)
  ensemble.world.network.cut('c1', 's1')
  await ensemble.world.run({ until: () => client.state === 'suspended' })
  const said: boolean[] = []
  void inSession(client, until).then((answer) => said.push(answer))
  return { ensemble, client, until, said }
}

async function endSession({ ensemble }: Waiting): Promise<void> {
  await ensemble.world.run({ until: () => ensemble.server(1).status().sessions === 0, limitMs: 60_000 })
}

describe('waiting for a session', () => {
  it('the session lives until the client is back -> it is waited for', async () => {
    const wait = await waiting()
    const before = wait.client.sessionId
    wait.ensemble.world.network.healAll()
    await wait.ensemble.world.run({ until: () => wait.said.length > 0, limitMs: 60_000 })
    expect(wait.said).toEqual([true])
    expect(wait.client.sessionId).toBe(before)
  })

  it('the session ends while it is waited for -> the next one is begun and waited for', async () => {
    const wait = await waiting()
    const before = wait.client.sessionId
    await endSession(wait)
    expect(wait.said).toEqual([])
    wait.ensemble.world.network.healAll()
    await wait.ensemble.world.run({ until: () => wait.said.length > 0, limitMs: 60_000 })
    expect(wait.said).toEqual([true])
    expect(wait.client.sessionId).not.toBe(before)
  })

  it('the workload stops meanwhile -> false, and no session is begun', async () => {
    const wait = await waiting()
    await endSession(wait)
    wait.until.stop()
    wait.ensemble.world.network.healAll()
    await wait.ensemble.world.run({ until: () => wait.client.state === 'expired', limitMs: 60_000 })
    await wait.ensemble.world.runFor(5000)
    expect(wait.said).toEqual([false])
    expect(await inSession(wait.client, wait.until)).toBe(false)
    expect(wait.client.state).toBe('expired')
  })

  it('the client is closed meanwhile -> false', async () => {
    const wait = await waiting()
    void wait.client.close()
    await wait.ensemble.world.run({ until: () => wait.said.length > 0, limitMs: 60_000 })
    expect(wait.said).toEqual([false])
  })
})
