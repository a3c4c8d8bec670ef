import { spawn, spawnSync } from 'node:child_process'

const inside = 'BANYAN_CHAOS_NAMESPACE'
const unshare = ['unshare', '--user', '--map-root-user', '--net', '--'] as const
/** Behind the rules of partitions, which otherwise nobody would look at: what is local is delivered without another look. */
const localPreference = 1000

/** Whether this process has a network of its own, in which it may drop packets. */
export function isInNamespace(): boolean {
  return process.env[inside] === 'yes'
}

/** Why there can be none here; null when there can. */
export function namespaceFault(): string | null {
  const tried = spawnSync(unshare[0], [...unshare.slice(1), 'ip', 'rule'], { encoding: 'utf8' })
  return tried.status === 0 ? null : (tried.error?.message ?? tried.stderr.trim())
}

/** Runs this program again, in a network of its own. Resolves with its exit code. */
export function runInNamespace(): Promise<number> {
  const program = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  const child = spawn(unshare[0], [...unshare.slice(1), ...program], {
    stdio: 'inherit',
    env: { ...process.env, [inside]: 'yes' },
  })
  process.once('exit', () => child.kill('SIGKILL'))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

/** To be called once inside: 127.0.0.1 works, and rules can be put before what is local. */
export function openNamespace(): void {
  ip('link set lo up', `rule add pref ${localPreference} lookup local`, 'rule del pref 0')
}

/** Runs commands of ip(8), all in one go. */
export function ip(...commands: readonly string[]): void {
  if (commands.length === 0) return
  const { status, stderr } = spawnSync('ip', ['-batch', '-'], {
    input: `${commands.join('\n')}\n`,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`ip: ${stderr}`)
}
