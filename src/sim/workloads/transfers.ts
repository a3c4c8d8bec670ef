import type { Client } from '../../client/client.ts'
import type { ReadData, ReadResult } from '../../client/multi-read.ts'
import type { Stat } from '../../client/types.ts'
import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { NodeContent } from '../checkers/node-order.ts'
import type { Outcome } from '../checkers/operation.ts'
import { checkTransfers, type Look, type Transfer } from '../checkers/transfers.ts'
import type { Violation } from '../checkers/violation.ts'
import { ViolationList } from '../checkers/violation-list.ts'
import type { Answer, Caller } from './caller.ts'
import { Crowd, drawCallers } from './crowd.ts'
import type { MakeWorkload, Workload, WorkloadContext } from './workload.ts'

const balanceAtFirst = 100
/** A bank is judged and followed by another when it has so many calls behind it: memory stays bounded. */
const callsPerBank = 500

/** Some accounts that only deal with each other. */
class Bank {
  readonly folder: string
  readonly paths: readonly string[]
  readonly transfers: Transfer[] = []
  readonly looks: Look[] = []
  pending = 0

  constructor(folder: string, paths: readonly string[]) {
    this.folder = folder
    this.paths = paths
  }

  get callCount(): number {
    return this.transfers.length + this.looks.length
  }
}

/**
 * Clients move money between accounts by transactions that check versions; some of those have to fail. However they end,
 * and whoever looks at all accounts as of one moment, the sum stays what it was.
 */
class TransferWorkload implements Workload {
  readonly name = 'transfers'
  readonly #context: WorkloadContext
  readonly #random: SeededRandom
  readonly #crowd: Crowd
  readonly #accounts: number
  readonly #pauseMsMax: number
  readonly #violations = new ViolationList()
  readonly #retired = new Set<Bank>()
  #bank: Bank = new Bank('', [])
  #banks = 0
  #opening = false
  #tokens = 0
  /** The newest transaction that anybody was told of: what a look behind a `sync` has to show. */
  #acknowledgedZxid = 0
  #operationCount = 0

  constructor(context: WorkloadContext) {
    this.#context = context
    this.#random = context.random
    this.#accounts = this.#random.between(2, 6)
    this.#pauseMsMax = this.#random.pick([20, 50, 300])
    this.#crowd = new Crowd(context, drawCallers(this.#random, this.#random.between(2, 5)))
  }

  get operationCount(): number {
    return this.#operationCount
  }

  async prepare(): Promise<void> {
    const caller = this.#crowd.caller({})
    if (await caller.ready()) await this.#openBank(caller)
    await caller.close()
    if (this.#bank.paths.length === 0) throw new Error('transfers: the first accounts could not be made')
  }

  start(): void {
    this.#crowd.start((caller) => this.#act(caller))
  }

  stop(): Promise<void> {
    return this.#crowd.stop()
  }

  async check(): Promise<Violation[]> {
    const banks = [...this.#retired, this.#bank]
    await this.#crowd.atEveryServer(async (caller) => {
      for (const bank of banks) await this.#look(caller, bank, true)
    })
    for (const bank of banks) this.#judge(bank)
    return this.#violations.all
  }

  async #act(caller: Caller): Promise<void> {
    if (this.#bank.callCount >= callsPerBank && !this.#opening) await this.#openBank(caller)
    const bank = this.#bank
    bank.pending++
    const kind = this.#random.below(10)
    const answered =
      kind < 2
        ? await this.#look(caller, bank, false)
        : kind < 4
          ? await this.#look(caller, bank, true)
          : await this.#transfer(caller, bank)
    bank.pending--
    if (bank.pending === 0 && this.#retired.delete(bank)) this.#judge(bank)
    if (!answered) await caller.recover()
    await caller.pause(this.#random.below(this.#pauseMsMax))
  }

  /** In one transaction, so that the sum is right from the first moment on. */
  async #openBank(caller: Caller): Promise<void> {
    this.#opening = true
    const folder = `${this.#context.root}/bank-${++this.#banks}`
    const paths = Array.from({ length: this.#accounts }, (_, i) => `${folder}/account-${i}`)
    const answer = await caller.call(
      (client) => {
        const transaction = client.transaction().create(folder)
        for (const path of paths) transaction.create(path, `${balanceAtFirst} start`)
        return transaction.commit()
      },
      () => 0,
    )
    this.#opening = false
    if (answer.outcome.kind !== 'ok') return
    this.#retired.add(this.#bank)
    if (this.#bank.pending === 0) this.#judge(this.#bank)
    this.#bank = new Bank(folder, paths)
  }

  /** @returns whether it was answered */
  async #look(caller: Caller, bank: Bank, behindSync: boolean): Promise<boolean> {
    const acknowledgedZxid = this.#acknowledgedZxid
    const sync = behindSync
      ? caller.call(
          (client) => client.sync(this.#context.root),
          () => 0,
        )
      : null
    const answer = await this.#readAll(caller, bank)
    const isSynced = sync !== null && (await sync).outcome.kind === 'ok'
    const { outcome } = answer
    if (outcome.kind !== 'ok') return outcome.kind !== 'unknown'
    const floorZxid = Math.max(answer.floorZxid, isSynced ? acknowledgedZxid : 0)
    const { client, sessionId, calledUs, returnedUs, ceilingZxid } = answer
    const contents = new Map<string, NodeContent>()
    for (const read of outcome.output) {
      if (read.type === 'get') contents.set(read.path, contentOf(read))
      // A read of the past may be of a time before this bank.
      else if (!isSynced) return true
    }
    bank.looks.push({ client, sessionId, calledUs, returnedUs, floorZxid, ceilingZxid, contents })
    return true
  }

  async #transfer(caller: Caller, bank: Bank): Promise<boolean> {
    const seen = await this.#readAll(caller, bank)
    if (seen.outcome.kind !== 'ok') return seen.outcome.kind !== 'unknown'
    const accounts = seen.outcome.output.filter((read) => read.type === 'get')
    if (accounts.length < bank.paths.length) return true
    const from = this.#random.below(accounts.length)
    const to = (from + this.#random.between(1, accounts.length - 1)) % accounts.length
    const token = `t${++this.#tokens}`
    const amount = this.#random.between(1, 30)
    const changes = [changeOf(accounts[from], -amount, token), changeOf(accounts[to], amount, token)]
    const poisonAt = this.#random.chance(1, 5) ? this.#random.below(3) : -1
    const answer = await caller.call(
      (client) => this.#commit(client, bank, changes, poisonAt),
      ([content]) => content?.mzxid ?? 0,
    )
    this.#operationCount++
    const { client, sessionId, calledUs, returnedUs, floorZxid, ceilingZxid, outcome } = answer
    if (outcome.kind === 'ok') {
      for (const { mzxid } of outcome.output) this.#acknowledgedZxid = Math.max(this.#acknowledgedZxid, mzxid)
    }
    bank.transfers.push({
      client,
      sessionId,
      calledUs,
      returnedUs,
      floorZxid,
      ceilingZxid,
      token,
      poisoned: poisonAt !== -1,
      outcome: byPath(changes, outcome),
    })
    return outcome.kind !== 'unknown'
  }

  /** @param poisonAt before which of the operations one stands that must fail; -1 for none */
  async #commit(
    client: Client,
    bank: Bank,
    changes: readonly Change[],
    poisonAt: number,
  ): Promise<NodeContent[]> {
    // Whatever version it has: a leader that does not take back what a failed one did ahead of it then names a wrong one.
    const transaction = client.transaction().set(bank.folder, null)
    const poison = (at: number): void => {
      const path = bank.paths[0] ?? ''
      if (at === poisonAt) transaction.create(path, 'there is one already')
    }
    for (const [at, { path, value, version }] of changes.entries()) {
      poison(at)
      transaction.set(path, value, { version })
    }
    poison(changes.length)
    const results: readonly { type: string; stat?: Stat | null }[] = await transaction.commit()
    return results
      .filter(({ type }) => type === 'set')
      .slice(1)
      .map(({ stat }, at) => {
        const { czxid = 0, mzxid = 0, version = 0 } = stat ?? {}
        return { czxid, mzxid, version, value: changes[at]?.value ?? '' }
      })
  }

  #readAll(caller: Caller, bank: Bank): Promise<Answer<ReadResult[]>> {
    this.#operationCount++
    return caller.call(
      (client) => client.multiRead(bank.paths.map((path) => ({ type: 'get' as const, path }))),
      (reads) => Math.max(0, ...reads.map((read) => (read.type === 'get' ? read.stat.mzxid : 0))),
    )
  }

  #judge(bank: Bank): void {
    this.#retired.delete(bank)
    const total = bank.paths.length * balanceAtFirst
    this.#violations.add(...checkTransfers(total, bank.transfers, bank.looks))
  }
}

export const transfers: MakeWorkload = (context) => new TransferWorkload(context)

interface Change {
  readonly path: string
  readonly value: string
  readonly version: number
}

function changeOf(account: ReadData | undefined, amount: number, token: string): Change {
  const { path = '', data = null, stat } = account ?? {}
  return {
    path,
    value: `${Number(textOf(data).split(' ')[0]) + amount} ${token}`,
    version: stat?.version ?? 0,
  }
}

function byPath(
  changes: readonly Change[],
  outcome: Outcome<NodeContent[]>,
): Outcome<ReadonlyMap<string, NodeContent>> {
  if (outcome.kind !== 'ok') return outcome
  const { output } = outcome
  return { kind: 'ok', output: new Map(changes.map(({ path }, i) => [path, output[i] as NodeContent])) }
}

function contentOf({ data, stat }: ReadData): NodeContent {
  return { czxid: stat.czxid, mzxid: stat.mzxid, version: stat.version, value: textOf(data) }
}

function textOf(data: Buffer | null): string {
  return data === null ? '' : data.toString()
}
