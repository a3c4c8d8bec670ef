import { type ChildProcess, fork } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Node does not run TypeScript by itself in every version that this project allows. */
const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

/** What honest clients have met with beside the fuzzer. */
export interface HonestFigures {
  readonly operations: number
  readonly failures: readonly string[]
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** Clients in a process of their own, so that the fuzzer's work does not count as the servers'. */
export class HonestClients {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  /** Resolves when all of them are connected. */
  static async start(addresses: string): Promise<HonestClients> {
    const child = fork(join(import.meta.dirname, 'honest-main.ts'), [addresses], {
      execArgv: ['--import', loader],
    })
    process.once('exit', () => child.kill('SIGKILL'))
    const clients = new HonestClients(child)
    await clients.#word()
    return clients
  }

  /** Ends them, when the last answer has come. */
  async stop(): Promise<HonestFigures> {
    this.#child.send('stop')
    const figures = (await this.#word()) as HonestFigures
    this.#child.disconnect()
    return figures
  }

  #word(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#child.once('message', resolve)
      this.#child.once('exit', (code) => reject(new Error(`the honest clients ended with ${code}`)))
    })
  }
}
