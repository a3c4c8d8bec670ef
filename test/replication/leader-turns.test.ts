import { expect, test } from 'vitest'
import { executedBytesMax } from '../../src/replication/limits.ts'
import { ReplicaEnsemble } from './replica-ensemble.ts'

const leader = 3
const requestBytes = 50_000
const requests = 60

test('leader: more requests at once than a turn has time for -> slices with other work in between, in the order sent', async () => {
  const ensemble = new ReplicaEnsemble(3, { seed: 1 })
  ensemble.boot(...ensemble.ids)
  await ensemble.untilServing()
  const { state, replica } = ensemble.member(leader)
  const { timers } = ensemble.host(leader).runtime
  const execute = state.execute.bind(state)
  /** Bytes executed, turn by turn. */
  const turns: number[] = []
  let isTurnOver = true
  state.execute = (from, bytes, sink) => {
    if (isTurnOver) {
      isTurnOver = false
      turns.push(0)
      timers.endOfTurn(() => {
        isTurnOver = true
      })
    }
    turns.push((turns.pop() ?? 0) + bytes.length)
    execute(from, bytes, sink)
  }
  const texts = Array.from({ length: requests }, (_, i) => `${i}`.padEnd(requestBytes, '.'))
  for (const text of texts) replica.sendRequests(Buffer.from(text))
  const areEverywhere = (): boolean =>
    ensemble.ids.every((id) => ensemble.member(id).state.entries.length === requests)
  await ensemble.world.run({ until: areEverywhere, limitMs: 5000 })
  expect(turns.length).toBeGreaterThan(requests / (executedBytesMax / requestBytes + 1) - 1)
  expect(Math.max(...turns)).toBeLessThan(executedBytesMax + requestBytes)
  expect(state.texts).toEqual(texts)
  ensemble.checkConverged()
})
