import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child } from '../../processes/harness/child.ts'
import { freePorts } from '../../processes/harness/free-ports.ts'
import { Hopeless, until } from '../../processes/harness/until.ts'
import { endSession } from '../end-session.ts'

export interface Member {
  readonly id: number
  readonly clientPort: number
  readonly peerPort: number
  readonly leaderPort: number
}

/** How to run one kind of server. */
export interface Kind {
  readonly name: string
  /** Why it cannot be run here; null when it can. */
  missing(): string | null
  /** Writes what the servers need to start. */
  prepare(folder: string, members: readonly Member[]): Promise<void>
  command(folder: string, id: number): { readonly program: string; readonly args: readonly string[] }
}

const startTimeoutMs = 60_000

/** Servers of one kind that this process has started, in a folder of their own. */
export class RunningServers {
  readonly name: string
  readonly ports: readonly number[]
  readonly #folder: string
  readonly #children: readonly Child[]

  private constructor(kind: Kind, ports: readonly number[], folder: string, children: readonly Child[]) {
    this.name = kind.name
    this.ports = ports
    this.#folder = folder
    this.#children = children
  }

  /** Resolves when each of them has given a session to somebody. */
  static async start(kind: Kind, count: number): Promise<RunningServers> {
    const missing = kind.missing()
    if (missing !== null) throw new Error(missing)
    const folder = await mkdtemp(join(tmpdir(), `differential-${kind.name.toLowerCase()}-`))
    const ports = await freePorts(3 * count)
    const members = Array.from({ length: count }, (_, i) => ({
      id: i + 1,
      clientPort: ports[3 * i] as number,
      peerPort: ports[3 * i + 1] as number,
      leaderPort: ports[3 * i + 2] as number,
    }))
    await kind.prepare(folder, members)
    const children = members.map(({ id }) => {
      const { program, args } = kind.command(folder, id)
      return new Child(program, args, { logFile: join(folder, `${id}.log`), cwd: folder })
    })
    const clientPorts = members.map(({ clientPort }) => clientPort)
    const servers = new RunningServers(kind, clientPorts, folder, children)
    try {
      await Promise.all(clientPorts.map((port, i) => servers.#serving(port, i)))
    } catch (error) {
      await servers.stop()
      throw error
    }
    return servers
  }

  /** Kills them and removes their folder. */
  async stop(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.kill()))
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** The end of what they printed, for somebody who looks for the reason of a failure. */
  logs(): string {
    return this.#children
      .map((child, i) => `--- ${this.name} ${i + 1}\n${child.log.slice(-2_000)}`)
      .join('\n')
  }

  async #serving(port: number, index: number): Promise<void> {
    const name = `${this.name} ${index + 1}`
    await until(
      `${name} to serve`,
      async () => {
        const child = this.#children[index]
        if (child?.running !== true) throw new Hopeless(`it has ended:\n${child?.log}`)
        return (await fourLetterWord(port, 'srvr')).includes('Mode: ')
      },
      startTimeoutMs,
    )
    // A session that stayed would expire in the middle of some program.
    if (!(await endSession(port, 0n, Buffer.alloc(16)))) throw new Error(`${name} gave nobody a session`)
  }
}

function fourLetterWord(port: number, word: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(word))
    socket.setTimeout(1_000, () => socket.destroy())
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.once('error', reject)
    socket.once('close', () => resolve(answer))
  })
}
