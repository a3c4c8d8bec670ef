import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** How long a process that does nothing takes from its start to its end at present: how late the machine is for everybody. */
export async function bareProcessMs(): Promise<number> {
  const startMs = performance.now()
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit')
  return performance.now() - startMs
}
