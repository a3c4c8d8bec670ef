import type { SeededRandom } from '../../runtime/seeded-random.ts'
import { type NodeValue, TreeExpectation } from '../checkers/tree-expectation.ts'
import type { Violation } from '../checkers/violation.ts'
import { ViolationList } from '../checkers/violation-list.ts'
import type { Answer, Caller } from './caller.ts'
import { Crowd } from './crowd.ts'
import type { MakeWorkload, Workload, WorkloadContext } from './workload.ts'

/** What kind of tree, and what is done to it. */
interface TreeOptions {
  readonly name: string
  /** Of each writer. */
  readonly nodesMax: number
  readonly dataBytesMax: number
  /** Calls that are sent in one go. */
  readonly burstMax: number
  /** Of a hundred calls on existing nodes, how many set data; the others delete. */
  readonly setsOfHundred: number
  readonly pauseMsMax: number
}

const readsAtATime = 200
/** Levels below the folder of a writer. */
const depthMax = 4

/** A call of a burst, and what it makes of the node when it is carried out. */
interface Step {
  readonly path: string
  readonly after: NodeValue | null
  readonly answer: Answer<unknown>
}

/** What one writer has made: nobody else writes there. */
class Writer {
  readonly folder: string
  readonly expectation = new TreeExpectation()
  /** Names of the children that each certain node has, or may have. */
  readonly children = new Map<string, Set<string>>()
  #names = 0

  constructor(folder: string) {
    this.folder = folder
    this.children.set(folder, new Set())
  }

  newName(): string {
    return `n${++this.#names}`
  }

  /** As it was answered. A call that its only writer may not fail with is a violation. */
  learn({ path, after, answer }: Step): Violation[] {
    const { outcome } = answer
    if (outcome.kind === 'refused') {
      const problem = `${path}: client ${answer.client}, its only writer, got ${outcome.code}`
      return [{ rule: 'tree as written', problem }]
    }
    const slash = path.lastIndexOf('/')
    const siblings = this.children.get(path.slice(0, slash))
    if (outcome.kind === 'unknown') {
      this.expectation.maybe(path, after)
      siblings?.add(path.slice(slash + 1))
      // Nothing is built on what may not be there.
      this.children.delete(path)
      return []
    }
    this.expectation.is(path, after)
    if (after === null) {
      this.children.delete(path)
      siblings?.delete(path.slice(slash + 1))
    } else if (!this.children.has(path)) {
      siblings?.add(path.slice(slash + 1))
      this.children.set(path, new Set())
    }
    return []
  }
}

/**
 * A few writers, each with a part of the tree of its own, make, set, delete and list nodes, many at a time. In the end every
 * server has to hold exactly what was acknowledged.
 */
class TreeWorkload implements Workload {
  readonly name: string
  readonly #random: SeededRandom
  readonly #options: TreeOptions
  readonly #crowd: Crowd
  readonly #writers: Writer[]
  readonly #violations = new ViolationList()
  #values = 0
  #operationCount = 0

  constructor(context: WorkloadContext, options: TreeOptions) {
    this.name = options.name
    this.#options = options
    this.#random = context.random
    const callers = Array.from({ length: this.#random.between(1, 3) }, () => ({
      sessionTimeoutMs: this.#random.pick([4000, 10_000]),
      exactlyOnce: !this.#random.chance(1, 4),
    }))
    this.#crowd = new Crowd(context, callers)
    this.#writers = callers.map((_, i) => new Writer(`${context.root}/w${i}`))
  }

  get operationCount(): number {
    return this.#operationCount
  }

  async prepare(): Promise<void> {
    const caller = this.#crowd.caller({})
    if (await caller.ready()) {
      await Promise.all(this.#writers.map(({ folder }) => caller.client.create(folder)))
    }
    await caller.close()
  }

  start(): void {
    this.#crowd.start((caller, index) => this.#act(caller, this.#writers[index] as Writer))
  }

  stop(): Promise<void> {
    return this.#crowd.stop()
  }

  async check(): Promise<Violation[]> {
    await this.#crowd.atEveryServer(async (caller, server) => {
      await caller.client.sync('/')
      for (const { folder, expectation } of this.#writers) {
        const actual = await this.#readTree(caller, folder)
        this.#violations.add(...expectation.compare(actual, `server ${server}`))
      }
    })
    return this.#violations.all
  }

  async #act(caller: Caller, writer: Writer): Promise<void> {
    const parents = [...writer.children.keys()]
    const busy = new Set<string>()
    const steps: Promise<Step>[] = []
    const count = this.#random.between(1, this.#options.burstMax)
    for (let i = 0; i < count; i++) {
      const step = this.#step(caller, writer, this.#random.pick(parents), busy)
      if (step !== null) steps.push(step)
    }
    this.#operationCount += steps.length
    const learnt = await Promise.all(steps)
    for (const step of learnt) this.#violations.add(...writer.learn(step))
    if (learnt.some(({ answer }) => answer.outcome.kind === 'unknown')) await caller.recover()
    else if (this.#random.chance(1, 3)) await this.#list(caller, writer)
    await caller.pause(this.#random.below(this.#options.pauseMsMax))
  }

  /**
   * Does something to the node, or below it; null when it stands in the way of another call of this burst: each call has to
   * succeed, whatever becomes of the others.
   */
  #step(caller: Caller, writer: Writer, path: string, busy: Set<string>): Promise<Step> | null {
    const { expectation, folder } = writer
    if (busy.has(path)) return null
    const node = expectation.certain(path)?.node ?? null
    const depth = path.slice(folder.length).split('/').length - 1
    const isFull = expectation.size >= this.#options.nodesMax
    if (path === folder || (!isFull && depth < depthMax && this.#random.chance(1, 2))) {
      if (isFull) return null
      const child = `${path}/${writer.newName()}`
      const after = { value: this.#newValue(), version: 0 }
      // The parent must not go meanwhile.
      busy.add(path)
      return this.#taken(
        child,
        after,
        caller.call((client) => client.create(child, after.value), noZxid),
      )
    }
    if (node === null) return null
    busy.add(path)
    if (this.#random.below(100) >= this.#options.setsOfHundred && writer.children.get(path)?.size === 0) {
      return this.#taken(
        path,
        null,
        caller.call((client) => client.delete(path, { version: node.version }), noZxid),
      )
    }
    const after = { value: this.#newValue(), version: node.version + 1 }
    const set = caller.call((client) => client.set(path, after.value, { version: node.version }), noZxid)
    return this.#taken(path, after, set)
  }

  async #taken(path: string, after: NodeValue | null, call: Promise<Answer<unknown>>): Promise<Step> {
    return { path, after, answer: await call }
  }

  /** A session sees its own writes: the list is what it expects, without any `sync`. */
  async #list(caller: Caller, writer: Writer): Promise<void> {
    const parent = this.#random.pick([...writer.children.keys()])
    const answer = await caller.call((client) => client.getChildren(parent), noZxid)
    this.#operationCount++
    const known = writer.children.get(parent)
    if (answer.outcome.kind !== 'ok' || known === undefined) return
    this.#violations.add(...writer.expectation.compareChildren(parent, answer.outcome.output, known))
  }

  async #readTree(caller: Caller, folder: string): Promise<Map<string, NodeValue>> {
    const { client } = caller
    const paths: string[] = []
    for await (const path of client.walk(folder)) if (path !== folder) paths.push(path)
    const nodes = new Map<string, NodeValue>()
    for (let at = 0; at < paths.length; at += readsAtATime) {
      const batch = paths.slice(at, at + readsAtATime)
      const found = await Promise.all(batch.map((path) => client.get(path)))
      for (const [i, { data, stat }] of found.entries()) {
        nodes.set(batch[i] ?? '', { value: String(data), version: stat.version })
      }
    }
    return nodes
  }

  #newValue(): string {
    return `v${++this.#values} `.padEnd(this.#random.below(this.#options.dataBytesMax), '.')
  }
}

/** Thousands of nodes that come and go. */
export const largeTree: MakeWorkload = (context) =>
  new TreeWorkload(context, {
    name: 'large-tree',
    nodesMax: 1500,
    dataBytesMax: 60,
    burstMax: 100,
    setsOfHundred: 40,
    pauseMsMax: 300,
  })

/** A tree of some size whose nodes change all the time, as snapshots of it are being written. */
export const snapshotsUnderLoad: MakeWorkload = (context) =>
  new TreeWorkload(context, {
    name: 'snapshots-under-load',
    nodesMax: 100,
    dataBytesMax: 3000,
    burstMax: 20,
    setsOfHundred: 85,
    pauseMsMax: 80,
  })

const noZxid = (): number => 0
