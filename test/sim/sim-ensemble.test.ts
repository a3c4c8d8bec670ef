import { describe, expect, it } from 'vitest'
import { SimEnsemble } from '../../src/sim/sim-ensemble.ts'

async function serving(): Promise<SimEnsemble> {
  const ensemble = new SimEnsemble({ seed: 1, servers: 3 })
  ensemble.start()
  await ensemble.untilServing()
  return ensemble
}

describe('simulated ensemble', () => {
  it('a host that crashes by itself -> its server does not run any more', async () => {
    const ensemble = await serving()
    ensemble.host(2).crash()
    expect(ensemble.running).toEqual([1, 3])
    expect(ensemble.serves(2)).toBe(false)
    expect(() => ensemble.server(2)).toThrow(/not running/)
    ensemble.restart(2)
    expect(ensemble.running).toEqual([1, 2, 3])
    await ensemble.untilServing()
    expect(ensemble.serves(2)).toBe(true)
  })

  it('a server that stops by itself, nobody asked to hear of it -> the run fails', async () => {
    const ensemble = await serving()
    ensemble.crash(1)
    ensemble.host(1).disk.flipBit('/data/1/state', 3)
    ensemble.restart(1)
    await expect(ensemble.world.runFor(1_000)).rejects.toThrow(/server 1 stopped: .*state/)
  })

  it('a server that stops by itself -> who asked hears why, and its process ends', async () => {
    const ensemble = await serving()
    const heard: string[] = []
    ensemble.onServerStopped = (id, error) => heard.push(`${id} ${String(error)}`)
    ensemble.crash(1)
    ensemble.host(1).disk.flipBit('/data/1/state', 3)
    ensemble.restart(1)
    await ensemble.world.runFor(1_000)
    expect(heard).toEqual([expect.stringMatching(/^1 .*data.1.state/)])
    expect(ensemble.host(1).up).toBe(false)
  })

  it('a process that cannot come to an end in order -> it is ended', async () => {
    const ensemble = await serving()
    ensemble.host(2).diskSlowness = 1_000_000
    const life = ensemble.host(2).life
    await ensemble.stop(2)
    expect(ensemble.host(2).up).toBe(false)
    expect(ensemble.host(2).life).toBe(life)
  })

  it('a configuration of its own -> from the next start on, until it is taken back', async () => {
    const ensemble = await serving()
    ensemble.configure(1, (shared) => ({ ...shared, tickTimeMs: 77 }))
    expect(ensemble.configOf(1).tickTimeMs).toBe(77)
    expect(ensemble.configOf(2).tickTimeMs).toBe(500)
    ensemble.configure(1, null)
    expect(ensemble.configOf(1).tickTimeMs).toBe(500)
  })
})
