import { join } from 'node:path'
import { fourLetterWord } from '../../../src/client/index.ts'
import { Child, type ProcessEnd } from './child.ts'
import type { Member, ServerKind } from './server-kind.ts'
import { Hopeless, until } from './until.ts'

export type Mode = 'leader' | 'follower' | 'standalone'

/** One server of an ensemble of processes; it may run, or not. */
export class EnsembleServer {
  readonly member: Member
  readonly address: string
  readonly #kind: Pick<ServerKind, 'command'>
  readonly #folder: string
  #child: Child | null = null
  #wanted = false

  constructor(kind: Pick<ServerKind, 'command'>, folder: string, member: Member) {
    this.#kind = kind
    this.#folder = folder
    this.member = member
    this.address = `127.0.0.1:${member.clientPort}`
  }

  get id(): number {
    return this.member.id
  }

  get child(): Child {
    if (this.#child === null) throw new Error(`server ${this.id} was never started`)
    return this.#child
  }

  get running(): boolean {
    return this.#child?.running === true
  }

  /** It was started, nobody ended it, and yet it does not run. */
  get fell(): boolean {
    return this.#wanted && !this.running
  }

  /** Everything it has printed, over all its lives. */
  get log(): string {
    return this.#child?.log ?? ''
  }

  start(): void {
    if (this.running) throw new Error(`server ${this.id} runs already`)
    this.#wanted = true
    const { program, args } = this.#kind.command(this.#folder, this.id)
    this.#child = new Child(program, args, {
      cwd: this.#folder,
      logFile: join(this.#folder, `server-${this.id}.log`),
    })
  }

  async kill(): Promise<void> {
    this.#wanted = false
    await this.#child?.kill()
  }

  /** Asks it to stop, in the way of service managers. */
  async terminate(): Promise<ProcessEnd> {
    this.#wanted = false
    this.child.signal('SIGTERM')
    return this.child.ended
  }

  /** Stops it in the midst of whatever it does, without its notice: SIGSTOP. */
  freeze(): void {
    this.child.signal('SIGSTOP')
  }

  thaw(): void {
    this.child.signal('SIGCONT')
  }

  /** What it says of itself; null while it does not serve. */
  async mode(): Promise<Mode | null> {
    if (!this.running) return null
    const answer = await fourLetterWord(this.address, 'srvr', { timeoutMs: 1000 }).catch(() => '')
    return (/^Mode: (leader|follower|standalone)$/m.exec(answer)?.[1] as Mode | undefined) ?? null
  }

  /** How many clients it has. */
  async clientCount(): Promise<number> {
    const answer = await fourLetterWord(this.address, 'srvr', { timeoutMs: 1000 })
    const asking = 1
    return Number(/^Connections: (\d+)$/m.exec(answer)?.[1]) - asking
  }

  async serves(): Promise<Mode> {
    return until(`server ${this.id} to serve`, async () => {
      if (this.fell)
        throw new Hopeless(`server ${this.id} has ended: ${JSON.stringify(await this.child.ended)}`)
      return this.mode()
    })
  }
}
