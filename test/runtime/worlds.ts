import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { nodeRuntime } from '../../src/runtime/node-runtime.ts'
import type { Runtime } from '../../src/runtime/runtime.ts'
import { World } from '../../src/sim/index.ts'

/** A runtime to be tried out, real or simulated. */
export interface TriedWorld {
  readonly runtime: Runtime
  /** Where this runtime listens. */
  readonly host: string
  /** An empty folder of its disk. */
  readonly folder: string
  /** Waits for what happens in that world. */
  wait<T>(pending: Promise<T>): Promise<T>
  close(): Promise<void>
}

export const worlds: Record<string, () => Promise<TriedWorld>> = {
  async node() {
    const folder = await mkdtemp(`${tmpdir()}/banyan-runtime-`)
    return {
      runtime: nodeRuntime(),
      host: '127.0.0.1',
      folder,
      wait: (pending) => pending,
      close: () => rm(folder, { recursive: true }),
    }
  },

  async simulated() {
    const world = new World({ seed: 'behaviour' })
    const { runtime } = world.host('one')
    await world.settle(runtime.disk.makeFolder('tried'))
    return {
      runtime,
      host: 'one',
      folder: 'tried',
      wait: (pending) => world.settle(pending),
      close: async () => {},
    }
  },
}
