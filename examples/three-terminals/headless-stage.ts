import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { DemoEnsemble } from './ensemble.ts'
import { shellEnvironment } from './shell-environment.ts'
import { Interrupted, type Stage } from './stage.ts'

/** Plays on standard output, without pauses. What the servers print goes to files. */
export class HeadlessStage implements Stage {
  readonly #ensemble: DemoEnsemble
  readonly #environment: NodeJS.ProcessEnv
  readonly #signal: AbortSignal
  readonly #children = new Set<ChildProcess>()

  constructor(ensemble: DemoEnsemble, signal: AbortSignal) {
    this.#ensemble = ensemble
    this.#environment = { ...process.env, ...shellEnvironment(ensemble) }
    this.#signal = signal
  }

  async say(text: string): Promise<void> {
    if (this.#signal.aborted) throw new Interrupted()
    process.stdout.write(`# ${text}\n`)
  }

  end(text: string): Promise<void> {
    return this.say(text)
  }

  async type(command: string): Promise<void> {
    process.stdout.write(`$ ${command}\n`)
    const child = spawn('bash', ['-c', command], {
      env: this.#environment,
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    const code = await this.#ended(child)
    if (this.#signal.aborted) throw new Interrupted()
    if (code !== 0) throw new Error(`"${command}" failed with exit code ${code}`)
  }

  async startServer(id: number): Promise<number> {
    const log = openSync(join(this.#ensemble.folder, `server-${id}.log`), 'a')
    const child = spawn('zkserver', [String(id), this.#ensemble.configFile], {
      env: this.#environment,
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    this.#ended(child).catch(() => {})
    if (child.pid === undefined) throw new Error(`server ${id} cannot be started`)
    return child.pid
  }

  async close(): Promise<void> {
    const ends = [...this.#children].map((child) => {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      return ended
    })
    await Promise.all(ends)
  }

  #ended(child: ChildProcess): Promise<number | null> {
    this.#children.add(child)
    return new Promise((resolve, reject) => {
      child.once('error', (error) => {
        this.#children.delete(child)
        reject(error)
      })
      child.once('exit', (code) => {
        this.#children.delete(child)
        resolve(code)
      })
    })
  }
}
