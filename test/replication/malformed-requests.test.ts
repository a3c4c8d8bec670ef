import { expect, test } from 'vitest'
import { DecodeError } from '../../src/wire/decode-error.ts'
import { ReplicaEnsemble } from './replica-ensemble.ts'

const leader = 3

test('leader: a follower’s request cannot be read -> nothing it sent behind is executed; it comes back, and others go on', async () => {
  const ensemble = new ReplicaEnsemble(3, { seed: 1 })
  ensemble.boot(...ensemble.ids)
  await ensemble.untilServing()
  const { state } = ensemble.member(leader)
  const execute = state.execute.bind(state)
  let refused = 0
  state.execute = (from, requests, sink) => {
    if (requests.toString() !== 'malformed') return execute(from, requests, sink)
    refused++
    throw new DecodeError('found no request')
  }
  const before = ensemble.write(1)
  ensemble.member(1).replica.sendRequests(Buffer.from('malformed'))
  // In one piece with it, so that it waits in the leader when that is refused.
  const behind = ensemble.write(1)
  const others = ensemble.write(2)
  await ensemble.world.run({ until: () => refused === 1, limitMs: 1000 })
  await ensemble.world.run({ until: () => !ensemble.serving.includes(1), limitMs: 1000 })
  await ensemble.untilServing()
  const last = await ensemble.writeEverywhere(1)
  for (const text of [before, others, last]) expect(ensemble.has(leader, text)).toBe(true)
  expect(ensemble.has(leader, behind)).toBe(false)
  expect(refused).toBe(1)
  ensemble.checkConverged()
})
