import { SeededRandom } from '../../../src/runtime/seeded-random.ts'
import { OpCode } from '../../../src/wire/opcodes.ts'
import {
  type ConnectStep,
  clientCount,
  type Password,
  type Program,
  type Request,
  type SendStep,
  type Step,
} from '../program.ts'
import { weighted } from './arguments.ts'
import { Model } from './model.ts'
import { quotaRequest, quotaSetup } from './quota.ts'
import { request } from './request.ts'
import { Requests } from './requests.ts'
import type { WatchFamily } from './watches.ts'

/** A program of about so many requests, the same for the same seed. */
export function generate(seed: string, requestCount: number): Program {
  return { steps: new Generator(new SeededRandom(seed)).program(requestCount) }
}

const firstClients = 3

class Generator {
  readonly #random: SeededRandom
  readonly #model = new Model()
  readonly #requests: Requests
  readonly #steps: Step[] = []
  readonly #family: WatchFamily
  readonly #hasQuota: boolean

  constructor(random: SeededRandom) {
    this.#random = random
    this.#family = weighted<WatchFamily>(random, [
      [4, 'standard'],
      [3, 'persistent'],
      [3, 'none'],
    ])
    this.#requests = new Requests(random, this.#model, this.#family)
    this.#hasQuota = random.chance(1, 4)
  }

  program(requestCount: number): Step[] {
    for (let client = 0; client < firstClients; client++) this.#connect(client)
    if (this.#hasQuota) this.#setQuota()
    let sent = 0
    while (sent < requestCount) sent += this.#step()
    return this.#steps
  }

  /** Adds a step; returns how many requests are in it. */
  #step(): number {
    const random = this.#random
    const client = this.#anyOpen()
    if (client === null || random.chance(1, 30)) return this.#comeOrGo()
    const requests = weighted<() => Request[]>(random, [
      [100, () => [this.#ordinary(client)]],
      [10, () => this.#batch(client)],
      [4, () => [this.#requests.goodAuth()]],
      [1, () => this.#closing(client, this.#requests.badAuth())],
      [1, () => this.#closing(client, this.#requests.unknown())],
      [1, () => this.#closeSession(client)],
      [2, () => [this.#requests.rare()]],
    ])()
    this.#send(client, requests)
    return requests.length
  }

  #ordinary(client: number): Request {
    const random = this.#random
    const made = weighted<() => Request>(random, [
      [45, () => this.#requests.write(client)],
      [35, () => this.#requests.read()],
      [14, () => this.#requests.watch(this.#steps.length)],
      [this.#hasQuota ? 12 : 0, () => quotaRequest(random, this.#family === 'standard')],
    ])()
    return random.chance(1, 25) && made.name !== 'ping' ? this.#requests.spoil(made) : made
  }

  /**
   * Several at once. Under a quota there is at most one write among them: usage counts once it is applied, which is a matter
   * of chance for the one behind.
   */
  #batch(client: number): Request[] {
    const random = this.#random
    const count = random.between(2, 8)
    if (!this.#hasQuota) return upToSetAcl(Array.from({ length: count }, () => this.#ordinary(client)))
    const writeAt = random.below(count)
    return upToSetAcl(
      Array.from({ length: count }, (_, i) =>
        i === writeAt ? this.#requests.write(client) : this.#requests.read(),
      ),
    )
  }

  /** Always the last of a batch: whether ZooKeeper answers what comes behind it, or drops it, is a matter of chance. */
  #closeSession(client: number): Request[] {
    this.#model.closeSession(client)
    const before = this.#random.chance(1, 3) ? [this.#requests.read()] : []
    return [...before, request('closeSession')]
  }

  /** The server closes the connection after this one. */
  #closing(client: number, made: Request): Request[] {
    this.#model.open[client] = false
    return [made]
  }

  #setQuota(): void {
    const random = this.#random
    const client = this.#anyOpen() ?? 0
    for (const made of quotaSetup(random, random.chance(1, 2))) this.#send(client, [made])
  }

  #send(client: number, requests: readonly Request[]): void {
    this.#steps.push({ kind: 'send', on: client, requests } satisfies SendStep)
  }

  #anyOpen(): number | null {
    const open = this.#model.open.flatMap((isOpen, client) => (isOpen ? [client] : []))
    return open.length === 0 ? null : this.#random.pick(open)
  }

  #comeOrGo(): number {
    const random = this.#random
    const closed = this.#model.open.flatMap((isOpen, client) => (isOpen ? [] : [client]))
    const client = this.#anyOpen()
    if (
      client !== null &&
      (closed.length === 0 || (closed.length < clientCount - 1 && random.chance(1, 3)))
    ) {
      this.#model.open[client] = false
      this.#steps.push({ kind: 'hangUp', on: client })
    } else {
      this.#connect(random.pick(closed))
    }
    return 1
  }

  #connect(client: number): void {
    const random = this.#random
    const isFirst = this.#steps.length < firstClients
    const step: ConnectStep = {
      kind: 'connect',
      on: client,
      server: isFirst ? client : random.below(3),
      timeoutMs: random.pick([-1, 0, 5_000, 20_000, 30_000, 30_000, 60_000, 100_000]),
      readOnly: random.pick(['absent', 'no', 'no', 'no', 'yes']),
      ...(isFirst ? ({ session: 'new', password: 'right' } as const) : this.#session(client)),
      lastZxid: weighted(random, [
        [10, 'none'],
        [isFirst ? 0 : 10, 'seen'],
        [isFirst ? 0 : 1, 'future'],
      ]),
    }
    this.#steps.push(step)
    const comesIn = step.lastZxid !== 'future' && step.session !== 'stranger'
    const isKnown = step.session === 'new' || step.password === 'right'
    if (!comesIn || !isKnown) return
    if (typeof step.session !== 'string') this.#model.open[step.session.of] = false
    this.#model.open[client] = true
    this.#model.met[client] = true
  }

  #session(client: number): Pick<ConnectStep, 'session' | 'password'> {
    const random = this.#random
    const password = weighted<Password>(random, [
      [12, 'right'],
      [1, 'wrong'],
      [1, 'short'],
      [1, 'empty'],
      [1, 'null'],
    ])
    const others = this.#model.met.flatMap((isMet, other) => (isMet ? [other] : []))
    return weighted<() => Pick<ConnectStep, 'session' | 'password'>>(random, [
      [this.#model.met[client] === true ? 12 : 0, () => ({ session: { of: client }, password })],
      [3, () => ({ session: { of: random.pick(others) }, password })],
      [6, () => ({ session: 'new', password })],
      [1, () => ({ session: 'stranger', password: 'right' })],
    ])()
  }
}

/** Whether Apache ZooKeeper checks the old ACL or the new one for what comes right behind a setACL is a matter of chance. */
function upToSetAcl(requests: readonly Request[]): Request[] {
  const at = requests.findIndex(({ opcode }) => opcode === OpCode.setAcl)
  return at < 0 ? [...requests] : requests.slice(0, at + 1)
}
