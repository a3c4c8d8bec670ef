import { LoneClient } from '../clients/lone-client.ts'
import {
  alternate,
  burst,
  burstSeconds,
  filledPerSecond,
  lineOf,
  type Sample,
  type Scenario,
  startSeconds,
  withEnsemble,
} from './scenario.ts'

const few = 100
const many = 100_000
const timeoutMs = 60_000
const listings = 10

export const children: Scenario = {
  name: 'children',
  describe: 'creating and listing the children of a znode that has 100,000 of them',
  isDefault: false,
  secondsAbout: (settings, kinds) =>
    kinds * (2 * startSeconds + many / filledPerSecond + 2 * burstSeconds(settings)),
  async run(bench) {
    const { settings } = bench
    const samples = await alternate(bench, 'children', 1, (kind) =>
      withEnsemble(kind, {}, async (ensemble): Promise<Sample> => {
        const sample: Record<string, number> = {}
        for (const count of [few, many]) {
          const spec = { mix: { kind: 'create' }, parent: `/children-${count}` } as const
          await burst(ensemble, settings, { ...spec, prepare: true, warmUpMs: 0, requestsMax: count })
          const client = await LoneClient.open(ensemble.addresses[0] as string, timeoutMs)
          await client.sync('/')
          const startMs = performance.now()
          for (let i = 0; i < listings; i++) {
            const found = await client.childCount(spec.parent)
            if (found !== count) throw new Error(`found ${found} children; expected ${count}`)
          }
          sample[`list-${count}`] = (performance.now() - startMs) / listings
          client.close()
          const { operationsPerSecond } = await burst(ensemble, settings, spec)
          sample[`create-${count}`] = operationsPerSecond
        }
        return sample
      }),
    )
    return [few, many].flatMap((count) => {
      const beside = `${count.toLocaleString('en')} there`
      return [
        lineOf('children', samples, `create-${count}`, `create, ${beside}`, '/s'),
        lineOf('children', samples, `list-${count}`, `list, ${beside}`, 'ms'),
      ]
    })
  },
}
