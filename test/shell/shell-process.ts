import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { type Backend, type BackendKind, backendKinds } from '../client/backends.ts'

export const repositoryRoot = join(import.meta.dirname, '../..')
/** What Node is given to run the shell, as it is built. */
export const shellProgram = [join(repositoryRoot, 'bin/zk-shell')]

interface Run {
  code: number | null
  out: string
  err: string
}

/** The shell as a process: what it has printed so far, and how it ends. */
interface RunningShell {
  readonly child: ChildProcessWithoutNullStreams
  readonly printed: { out: string; err: string }
  readonly ended: Promise<Run>
}

export function startShell(args: string[]): RunningShell {
  const child = spawn(process.execPath, [...shellProgram, ...args], { cwd: repositoryRoot })
  const printed = { out: '', err: '' }
  child.stdout.on('data', (bytes) => {
    printed.out += String(bytes)
  })
  child.stderr.on('data', (bytes) => {
    printed.err += String(bytes)
  })
  const ended = new Promise<Run>((resolve) => {
    child.on('close', (code) => resolve({ code, ...printed }))
  })
  return { child, printed, ended }
}

/** Runs the shell to its end. */
export function shell(args: string[], options: { input?: string | Buffer } = {}): Promise<Run> {
  const { child, ended } = startShell(args)
  child.stdin.end(options.input ?? '')
  return ended
}

/** A server that runs while the tests do, and how the shell is told of it. */
class ShellTarget {
  readonly kind: BackendKind
  #backend: Backend | null = null

  constructor(kind: BackendKind) {
    this.kind = kind
  }

  /** The options that name the server. */
  get server(): [string, string] {
    return ['-s', `127.0.0.1:${this.#backend?.port}`]
  }

  /** Runs one command to its end. */
  one(...args: string[]): Promise<Run> {
    return shell([...this.server, ...args])
  }

  async start(): Promise<void> {
    this.#backend = await this.kind.start()
  }

  async stop(): Promise<void> {
    await this.#backend?.stop()
  }
}

/** The same tests against every kind of server that is there. */
export function describeAgainstServers(title: string, tests: (target: ShellTarget) => void): void {
  for (const kind of backendKinds) {
    if (kind.missing !== null) console.warn(`skipped against ${kind.name}: ${kind.missing}`)
    describe.skipIf(kind.missing !== null)(`${title} against ${kind.name}`, () => {
      const target = new ShellTarget(kind)
      beforeAll(() => target.start())
      afterAll(() => target.stop())
      tests(target)
    })
  }
}
