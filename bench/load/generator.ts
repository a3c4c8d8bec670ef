import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from '../../src/client/index.ts'
import { Histogram } from './histogram.ts'
import { LoadConnection, type Requests } from './load-connection.ts'
import type { Latencies, LoadResult, LoadSpec } from './load-spec.ts'
import { digitsFor, RequestTemplate } from './request-template.ts'
import { Tally } from './tally.ts'
import { TurnFlush } from './turn-flush.ts'

const createdDigits = 8
/** What is still in flight at the end gets so long. */
const lastRepliesMs = 5_000

/** Runs one burst of load from this process. */
export async function generate(spec: LoadSpec): Promise<LoadResult> {
  if (spec.prepare) await prepare(spec)
  return burst(spec)
}

async function burst(spec: LoadSpec): Promise<LoadResult> {
  let tellAllAnswered = (): void => {}
  const allAnswered = new Promise<void>((resolve) => {
    tellAllAnswered = resolve
  })
  const tally = new Tally(spec.requestsMax ?? Number.POSITIVE_INFINITY, tellAllAnswered)
  const turnFlush = new TurnFlush()
  const connections: LoadConnection[] = []
  for (let i = 0; i < spec.connections; i++) {
    const connection = new LoadConnection(requestsOf(spec), spec.window, tally, turnFlush, i)
    const [host = '', port = ''] = (spec.servers[i % spec.servers.length] as string).split(':')
    await connection.open(host, Number(port))
    connections.push(connection)
  }
  const beginMs = performance.now() + spec.warmUpMs
  tally.measure(beginMs, spec.requestsMax === null ? beginMs + spec.measureMs : Number.POSITIVE_INFINITY)
  for (const connection of connections) connection.begin()
  await sleep(spec.warmUpMs)
  const cpuBefore = process.cpuUsage()
  if (spec.requestsMax === null) await sleep(beginMs + spec.measureMs - performance.now())
  else await Promise.race([allAnswered, oneBroken(connections)])
  const measuredMs = spec.requestsMax === null ? spec.measureMs : performance.now() - beginMs
  const cpu = process.cpuUsage(cpuBefore)
  await end(connections)
  return resultOf(connections, tally, measuredMs, (cpu.user + cpu.system) / 1000)
}

function requestsOf(spec: LoadSpec): Requests {
  const data = Buffer.alloc(spec.dataBytes, 'abcdefghijklmnopqrstuvwxyz')
  const { mix, parent } = spec
  const made = { read: null, readPercent: 0, nodes: null }
  if (mix.kind === 'create') {
    return { ...made, write: RequestTemplate.create(`${parent}/c-${spec.name}-`, createdDigits, data) }
  }
  const digits = digitsFor(spec.nodes)
  const prefix = `${parent}/z`
  if (mix.kind === 'fill') return { ...made, write: RequestTemplate.create(prefix, digits, data) }
  const readPercent = mix.kind === 'mixed' ? mix.readPercent : mix.kind === 'get' ? 100 : 0
  return {
    read: readPercent > 0 ? RequestTemplate.get(prefix, digits) : null,
    write: readPercent < 100 ? RequestTemplate.set(prefix, digits, data) : null,
    readPercent,
    nodes: spec.nodes,
  }
}

/** Makes the parent, and for all but creates the znodes. Neither may be there. */
async function prepare(spec: LoadSpec): Promise<void> {
  await withClient(spec.servers, (client) => client.create(spec.parent, ''))
  // So that everybody finds the parent, and afterwards the znodes, on whichever server.
  await catchUp(spec.servers)
  if (spec.mix.kind === 'create') return
  const filled = await burst({ ...spec, mix: { kind: 'fill' }, warmUpMs: 0, requestsMax: spec.nodes })
  if (filled.errors > 0 || filled.broken > 0) {
    throw new Error(`making ${spec.nodes} znodes: ${filled.errors} errors, ${filled.brokenReason ?? ''}`)
  }
  await catchUp(spec.servers)
}

async function catchUp(servers: readonly string[]): Promise<void> {
  await Promise.all(servers.map((server) => withClient([server], (client) => client.sync('/'))))
}

async function withClient(
  servers: readonly string[],
  use: (client: Client) => Promise<unknown>,
): Promise<void> {
  const client = new Client({ servers: servers.join(',') })
  await client.connect()
  try {
    await use(client)
  } finally {
    await client.close()
  }
}

/** What a lost connection has asked for never comes. */
async function oneBroken(connections: readonly LoadConnection[]): Promise<void> {
  while (connections.every(({ brokenReason }) => brokenReason === null)) await sleep(100)
}

async function end(connections: readonly LoadConnection[]): Promise<void> {
  for (const connection of connections) connection.stop()
  const endMs = performance.now() + lastRepliesMs
  while (!connections.every(({ idle }) => idle) && performance.now() < endMs) await sleep(5)
}

function resultOf(
  connections: readonly LoadConnection[],
  tally: Tally,
  measuredMs: number,
  cpuMs: number,
): LoadResult {
  const all = new Histogram()
  all.addAll(tally.reads)
  all.addAll(tally.writes)
  const reasons = connections.map(({ brokenReason }) => brokenReason).filter((reason) => reason !== null)
  const result = {
    operationsPerSecond: (all.count / measuredMs) * 1000,
    measuredMs,
    reads: latenciesOf(tally.reads),
    writes: latenciesOf(tally.writes),
    all: latenciesOf(all),
    errors: connections.reduce((sum, { errors }) => sum + errors, 0),
    broken: reasons.length,
    brokenReason: reasons[0] ?? null,
    cpuMs,
  }
  for (const connection of connections) connection.close()
  return result
}

function latenciesOf(histogram: Histogram): Latencies {
  return {
    count: histogram.count,
    p50Ms: histogram.quantileMs(0.5),
    p99Ms: histogram.quantileMs(0.99),
    p999Ms: histogram.quantileMs(0.999),
    maxMs: histogram.maxMs,
  }
}
