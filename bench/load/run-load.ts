import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { LoadResult, LoadSpec } from './load-spec.ts'

const program = join(import.meta.dirname, 'main.ts')

/** Runs one burst in a process of its own, so that nothing else is in its way. */
export async function runLoad(spec: LoadSpec): Promise<LoadResult> {
  const args = ['--import', 'tsx', program, JSON.stringify(spec)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  let said = ''
  let complaints = ''
  child.stdout.on('data', (chunk) => {
    said += chunk
  })
  child.stderr.on('data', (chunk) => {
    complaints += chunk
  })
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  process.off('exit', kill)
  if (code !== 0) throw new Error(`the load generator failed:\n${complaints}`)
  return JSON.parse(said) as LoadResult
}
