import { Client } from '../../src/client/index.ts'
import { ChaosEnsemble } from '../chaos/chaos-ensemble.ts'
import { OpenNetwork } from '../chaos/network/open-network.ts'
import { home } from '../differential/program.ts'
import type { EnsembleServer } from '../processes/harness/ensemble-server.ts'
import { MemoryWatch } from '../processes/harness/memory-watch.ts'
import { until } from '../processes/harness/until.ts'
import { converse } from './conversation.ts'
import { firstHello } from './first-hello.ts'
import { clientScript } from './frames/client-frames.ts'
import type { FrameKind, Script } from './frames/script.ts'
import { serverScript } from './frames/server-frames.ts'
import { HonestClients, type HonestFigures } from './honest-clients.ts'

export const ports = ['client', 'peer', 'leader'] as const
export type PortName = (typeof ports)[number]

/** The member whose place the fuzzer takes. The lowest id: it has no say in elections among the others. */
const absentId = 1
const ids = [absentId, 2, 3, 4]
const settings = { maxClientCnxns: 0, extendedTypesEnabled: 'yes', '4lw.commands.whitelist': '*' }
const settleMsMax = 30_000

/** Conversations at a time. Servers take no more strangers than 64 on a peer or leader port. */
const conversationsAtOnce = { client: 64, peer: 48, leader: 48 } as const

/** What a server may take beside honest clients and a small tree, whatever comes in. */
export const residentMiBMax = 512

export interface FuzzFigures {
  readonly port: PortName
  readonly seed: string
  readonly frames: Readonly<Record<FrameKind, number>>
  readonly connections: number
  /** Of those: closed by the server. */
  readonly closedByServer: number
  readonly seconds: number
  readonly residentMiBBefore: number
  readonly residentMiBPeak: number
  readonly honest: HonestFigures
  /** Empty when all went well. */
  readonly problems: readonly string[]
}

export interface FuzzOptions {
  readonly port: PortName
  readonly frames: number
  readonly seed: string
  readonly onProgress: (frames: number) => void
}

/** Three real servers of an ensemble of four, honest clients at each, and a fuzzer at one kind of port. */
export async function fuzz(options: FuzzOptions): Promise<FuzzFigures> {
  const ensemble = await ChaosEnsemble.prepare(await OpenNetwork.open(ids), ids, settings)
  try {
    return await new Fuzzing(ensemble, options).run()
  } finally {
    await ensemble.killAll()
    await ensemble.remove()
  }
}

class Fuzzing {
  readonly #options: FuzzOptions
  readonly #servers: readonly EnsembleServer[]
  readonly #frames: Record<FrameKind, number> = { random: 0, mutated: 0, 'protocol-aware': 0 }
  #connections = 0
  #closedByServer = 0
  /** Seeds of the latest conversations, for whoever has to find what a server died of. */
  readonly #latest: string[] = []

  constructor(ensemble: ChaosEnsemble, options: FuzzOptions) {
    this.#options = options
    this.#servers = ensemble.servers.filter(({ id }) => id !== absentId)
  }

  async run(): Promise<FuzzFigures> {
    for (const server of this.#servers) server.start()
    await this.#served()
    const honest = await HonestClients.start(this.#servers.map(({ address }) => address).join(','))
    await this.#makeHome()
    const scripts = await this.#scripts()
    const memory = new MemoryWatch(this.#servers.map(({ child }) => child.pid))
    const before = memory.peakBytes
    const startMs = performance.now()
    const lanes =
      conversationsAtOnce[this.#options.port] * (this.#options.port === 'client' ? 1 : this.#servers.length)
    await Promise.all(Array.from({ length: lanes }, (_, lane) => this.#talk(lane, scripts)))
    const seconds = (performance.now() - startMs) / 1000
    memory.stop()
    const figures = await honest.stop()
    const problems = await this.#problems(figures, memory.peakBytes)
    const { port, seed } = this.#options
    return {
      port,
      seed,
      frames: this.#frames,
      connections: this.#connections,
      closedByServer: this.#closedByServer,
      seconds: Math.round(seconds),
      residentMiBBefore: mebibytes(before),
      residentMiBPeak: mebibytes(memory.peakBytes),
      honest: figures,
      problems,
    }
  }

  async #served(): Promise<void> {
    await until(
      'the servers to serve',
      async () =>
        (await Promise.all(this.#servers.map((server) => server.mode()))).every((mode) => mode !== null),
      settleMsMax,
    )
  }

  /** What the client frames are about. */
  async #makeHome(): Promise<void> {
    const client = new Client({ servers: this.#servers.map(({ address }) => address).join(',') })
    await client.connect()
    await client.create(home)
    await client.close()
  }

  /** The script of a conversation, for the port of a server. */
  async #scripts(): Promise<(seed: string, server: EnsembleServer) => Script> {
    if (this.#options.port === 'client') return clientScript
    const [first] = this.#servers
    if (first === undefined) throw new Error('no server')
    const stranger = {
      type: 'hello',
      from: absentId,
      to: first.id,
      members: ids,
      ensembleId: null,
      founded: false,
    } as const
    const { ensembleId } = await firstHello(first.member.peerPort, stranger)
    return (seed, { id }) => serverScript(seed, { ...stranger, to: id, ensembleId, founded: true }, 1)
  }

  async #talk(lane: number, scriptOf: (seed: string, server: EnsembleServer) => Script): Promise<void> {
    const { port, frames, seed, onProgress } = this.#options
    const server = this.#servers[lane % this.#servers.length] as EnsembleServer
    const number = {
      client: server.member.clientPort,
      peer: server.member.peerPort,
      leader: server.member.leaderPort,
    }[port]
    for (let i = 0; this.#sent < frames && this.#servers.every(({ fell }) => !fell); i++) {
      const name = `${seed}/${port}/${lane}/${i}`
      this.#latest.push(name)
      if (this.#latest.length > 2 * conversationsAtOnce.client) this.#latest.shift()
      const script = scriptOf(name, server)
      const { framesSent, refused } = await converse(number, script)
      this.#frames[script.kind] += framesSent
      this.#connections++
      if (refused) this.#closedByServer++
      onProgress(this.#sent)
    }
  }

  get #sent(): number {
    return this.#frames.random + this.#frames.mutated + this.#frames['protocol-aware']
  }

  async #problems(honest: HonestFigures, peakBytes: number): Promise<string[]> {
    const problems: string[] = []
    for (const server of this.#servers) {
      if (!server.fell) continue
      const end = await server.child.ended
      problems.push(
        `server ${server.id} ended with ${end.signal ?? `exit code ${end.code}`}; the latest conversations: ` +
          `${this.#latest.join(' ')}; it said: ${server.log.slice(-3000)}`,
      )
    }
    if (problems.length > 0) return problems
    for (const failure of honest.failures) problems.push(`an honest client: ${failure}`)
    if (mebibytes(peakBytes) > residentMiBMax) {
      problems.push(`a server took ${mebibytes(peakBytes)} MiB, ${residentMiBMax} are allowed`)
    }
    await this.#served().catch((error: unknown) => problems.push(String(error)))
    return problems
  }
}

const mebibytes = (bytes: number): number => Math.round(bytes / 1024 / 1024)
