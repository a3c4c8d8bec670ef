import { describe, expect, it } from 'vitest'
import type { ServerObserver } from '../../../src/server/server-observer.ts'
import { SimEnsemble } from '../../../src/sim/sim-ensemble.ts'

const ignoring: ServerObserver = {
  applied: () => {},
  loaded: () => {},
  serving: () => {},
  promised: () => {},
}

describe('standing aside', () => {
  it('coming back breaks in a way that is no trouble of the disk -> the server stops with it, rather than try for ever', async () => {
    const stopped: unknown[] = []
    let broken = false
    const ensemble = new SimEnsemble({
      seed: 1,
      servers: 1,
      observer: () => ({
        ...ignoring,
        loaded: () => {
          if (broken) throw new TypeError('a bug')
        },
      }),
      onServerStopped: (_id, error) => stopped.push(error),
    })
    const { world } = ensemble
    ensemble.start()
    await ensemble.untilServing()
    const client = await ensemble.connectedClient()
    broken = true
    ensemble.host(1).disk.failWrites(1)
    client.create('/x', '').catch(() => {})
    await world.run({ until: () => stopped.length > 0, limitMs: 10_000 })
    expect(stopped).toMatchObject([{ name: 'TypeError', message: 'a bug' }])
  })
})
