import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { onTestFinished } from 'vitest'
import { until } from '../processes/harness/until.ts'

/** ZooKeeper's own shell in Java, as a person would type into it. */
export class ZkCli {
  readonly #process: ChildProcessWithoutNullStreams
  #output = ''
  #seenBytes = 0

  constructor(servers: string) {
    this.#process = spawn('/usr/share/zookeeper/bin/zkCli.sh', ['-server', servers], {
      // Started for a few commands, the JVM had better not optimise at length.
      env: { ...process.env, CLIENT_JVMFLAGS: '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx64m' },
    })
    const gather = (bytes: Buffer): void => {
      this.#output += String(bytes)
    }
    this.#process.stdout.on('data', gather)
    this.#process.stderr.on('data', gather)
    this.#process.stdin.on('error', () => {})
    onTestFinished(() => this.quit())
  }

  type(command: string): void {
    this.#process.stdin.write(`${command}\n`)
  }

  /** Until its output shows this, behind what was waited for before. */
  async shows(expected: RegExp): Promise<string> {
    return until(`zkCli to show ${expected}; it showed ${JSON.stringify(this.#unseen)}`, () => {
      const found = expected.exec(this.#unseen)
      if (found === null) throw new Error(`it showed: ${this.#unseen}`)
      this.#seenBytes += found.index + found[0].length
      return found[0]
    })
  }

  async run(command: string, expected: RegExp): Promise<string> {
    this.type(command)
    return this.shows(expected)
  }

  quit(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#process.exitCode !== null || this.#process.signalCode !== null) {
        resolve()
        return
      }
      this.#process.once('exit', () => resolve())
      this.#process.kill('SIGKILL')
    })
  }

  get #unseen(): string {
    return this.#output.slice(this.#seenBytes)
  }
}
