import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import type { Ensemble } from '../processes/harness/ensemble.ts'
import { serverInUse } from './server-in-use.ts'

/**
 * Runs a program that tries things out on a foreign client library, and returns what it says to have passed. It talks in
 * lines: `passed <feature>` tells, `kill` asks for the end of the server that it is connected to, `restart` for its return;
 * both are answered with `done`. Anything else is explanation, shown when it fails.
 */
export async function passedBy(
  ensemble: Ensemble,
  program: string,
  args: readonly string[],
): Promise<string[]> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  child.stdin.on('error', () => {})
  const said: string[] = []
  child.stderr.on('data', (bytes) => said.push(String(bytes)))
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const passed: string[] = []
  const killed: { start(): void }[] = []
  for await (const line of createInterface(child.stdout)) {
    const feature = /^passed (.+)$/.exec(line)?.[1]
    if (feature !== undefined) passed.push(feature)
    else if (line === 'kill') {
      const server = await serverInUse(ensemble)
      await server.kill()
      killed.push(server)
      child.stdin.write('done\n')
    } else if (line === 'restart') {
      for (const server of killed.splice(0)) server.start()
      await ensemble.settled()
      child.stdin.write('done\n')
    } else said.push(`${line}\n`)
  }
  const code = await ended
  if (code !== 0) throw new Error(`it ended with ${code} after ${passed.join(', ')}:\n${said.join('')}`)
  return passed
}
