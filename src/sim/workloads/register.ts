import type { Stat } from '../../client/types.ts'
import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { Violation } from '../checkers/violation.ts'
import { ViolationList } from '../checkers/violation-list.ts'
import type { Caller } from './caller.ts'
import { Crowd } from './crowd.ts'
import { type Found, RegisterHistory } from './register-history.ts'
import type { MakeWorkload, Workload, WorkloadContext } from './workload.ts'

/** A register is judged and followed by another when it has so many calls behind it: memory stays bounded. */
const callsPerRegister = 300

/**
 * Several registers, each a znode, and several clients that set them (mostly with compare-and-set), read them, and now and
 * then delete and create them. Sets, creates, deletes and reads behind a `sync` have to be linearizable, plain reads never go
 * back in time.
 */
class RegisterWorkload implements Workload {
  readonly name = 'register'
  readonly #context: WorkloadContext
  readonly #random: SeededRandom
  readonly #crowd: Crowd
  readonly #pauseMsMax: number
  /** The registers in use, and those of the past that calls are still under way to. */
  readonly #current: RegisterHistory[] = []
  readonly #retired = new Set<RegisterHistory>()
  readonly #violations = new ViolationList()
  #generation = 0
  #values = 0
  #operationCount = 0

  constructor(context: WorkloadContext) {
    this.#context = context
    this.#random = context.random
    this.#pauseMsMax = this.#random.pick([5, 50, 400])
    const registers = this.#random.between(1, 4)
    for (let i = 0; i < registers; i++) this.#current.push(this.#newRegister())
    const callers = Array.from({ length: this.#random.between(2, 6) }, () => ({
      sessionTimeoutMs: this.#random.pick([2000, 5000, 10_000]),
      exactlyOnce: this.#random.chance(1, 2),
    }))
    this.#crowd = new Crowd(context, callers)
  }

  get operationCount(): number {
    return this.#operationCount
  }

  async prepare(): Promise<void> {}

  start(): void {
    this.#crowd.start((caller) => this.#act(caller))
  }

  stop(): Promise<void> {
    return this.#crowd.stop()
  }

  async check(): Promise<Violation[]> {
    const registers = [...this.#retired, ...this.#current]
    await this.#crowd.atEveryServer(async (caller) => {
      await Promise.all(registers.map((register) => this.#syncAndRead(caller, register)))
    })
    for (const register of registers) this.#judge(register)
    return this.#violations.all
  }

  /** Sends a call or a burst of them, without waiting for one another's answers. */
  async #act(caller: Caller): Promise<void> {
    const burst = this.#random.chance(2, 3) ? 1 : this.#random.between(2, 5)
    const answered = await Promise.all(Array.from({ length: burst }, () => this.#callOne(caller)))
    if (answered.includes(false)) await caller.recover()
    await caller.pause(this.#random.below(this.#pauseMsMax))
  }

  /** @returns whether the call was answered */
  async #callOne(caller: Caller): Promise<boolean> {
    const register = this.#random.pick(this.#current)
    this.#operationCount++
    register.pending++
    const answered = await this.#callTo(register, caller)
    register.pending--
    if (register.length >= callsPerRegister) this.#retire(register)
    return answered
  }

  #callTo(register: RegisterHistory, caller: Caller): Promise<boolean> {
    const kind = this.#random.below(100)
    if (kind < 25) return this.#syncAndRead(caller, register)
    if (kind < 45) return this.#read(caller, register)
    if (register.lastVersion === -1) return this.#create(caller, register)
    if (kind < 50) return this.#delete(caller, register, this.#expected(register))
    if (kind < 52) return this.#create(caller, register)
    return this.#set(caller, register, kind < 78 ? -1 : this.#expected(register))
  }

  /** Mostly the right version; sometimes one that must be refused, as likely as not. */
  #expected(register: RegisterHistory): number {
    const version = register.lastVersion + (this.#random.chance(1, 10) ? this.#random.below(3) - 1 : 0)
    return Math.max(version, 0)
  }

  async #set(caller: Caller, register: RegisterHistory, expected: number): Promise<boolean> {
    const value = this.#newValue()
    const answer = await caller.call(
      (client) => client.set(register.path, value, { version: expected }),
      (stat: Stat) => stat.mzxid,
    )
    register.set(value, expected, answer)
    return answer.outcome.kind !== 'unknown'
  }

  async #create(caller: Caller, register: RegisterHistory): Promise<boolean> {
    const value = this.#newValue()
    const answer = await caller.call(
      (client) => client.createWithStat(register.path, value),
      ({ stat }) => stat.mzxid,
    )
    register.created(value, answer)
    return answer.outcome.kind !== 'unknown'
  }

  async #delete(caller: Caller, register: RegisterHistory, expected: number): Promise<boolean> {
    const answer = await caller.call(
      (client) => client.delete(register.path, { version: expected }),
      () => 0,
    )
    register.deleted(expected, answer)
    return answer.outcome.kind !== 'unknown'
  }

  async #read(caller: Caller, register: RegisterHistory): Promise<boolean> {
    const answer = await this.#get(caller, register)
    register.read(answer, null)
    return answer.outcome.kind !== 'unknown'
  }

  async #syncAndRead(caller: Caller, register: RegisterHistory): Promise<boolean> {
    const [sync, answer] = await Promise.all([
      caller.call(
        (client) => client.sync(register.path),
        () => 0,
      ),
      this.#get(caller, register),
    ])
    register.read(answer, sync)
    return answer.outcome.kind !== 'unknown'
  }

  #get(caller: Caller, register: RegisterHistory) {
    return caller.call(
      (client) => client.get(register.path),
      ({ stat }: Found) => stat.mzxid,
    )
  }

  #newValue(): string {
    return `v${++this.#values}`
  }

  #newRegister(): RegisterHistory {
    return new RegisterHistory(`${this.#context.root}/r${++this.#generation}`)
  }

  #retire(register: RegisterHistory): void {
    const slot = this.#current.indexOf(register)
    if (slot !== -1) {
      this.#current[slot] = this.#newRegister()
      this.#retired.add(register)
    }
    if (register.pending === 0 && this.#retired.delete(register)) this.#judge(register)
  }

  #judge(register: RegisterHistory): void {
    this.#violations.add(...register.check((what) => this.#context.note(what)))
  }
}

export const register: MakeWorkload = (context) => new RegisterWorkload(context)
