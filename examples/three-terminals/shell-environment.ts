import { join } from 'node:path'
import type { DemoEnsemble } from './ensemble.ts'

const bin = join(import.meta.dirname, '../../bin')

/** What the commands of the story find in their environment: `zk-shell` and `zkserver`, and where the servers are. */
export function shellEnvironment({ addresses }: DemoEnsemble): Record<string, string> {
  return {
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    servers: [...addresses.values()].join(','),
    server3: addresses.get(3) ?? '',
  }
}
