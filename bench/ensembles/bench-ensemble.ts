import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EnsembleServer } from '../../test/processes/harness/ensemble-server.ts'
import { freePorts } from '../../test/processes/harness/free-ports.ts'
import { residentBytes } from '../../test/processes/harness/memory-watch.ts'
import type { ServerKind, Settings } from '../../test/processes/harness/server-kind.ts'
import { Hopeless, until } from '../../test/processes/harness/until.ts'
import { forgetFolder, rememberFolder } from './clean-up.ts'

const settleTimeoutMs = 120_000

/** What both kinds get. Everything else is as each has it by itself, syncs above all. */
const benchSettings: Settings = {
  tickTime: 2000,
  initLimit: 30,
  syncLimit: 5,
  maxClientCnxns: 0,
  '4lw.commands.whitelist': '*',
}

export interface EnsembleOptions {
  /** How many servers. Default: 3. */
  readonly count?: number
  readonly settings?: Settings
  /** For Node, in front of the program of each server, by its id. Only where servers run on Node. */
  readonly nodeOptions?: (folder: string, id: number) => readonly string[]
}

/** Servers of one kind on 127.0.0.1, with ports and a folder of their own. */
export class BenchEnsemble {
  readonly kind: ServerKind
  readonly folder: string
  readonly servers: readonly EnsembleServer[]

  private constructor(kind: ServerKind, folder: string, servers: readonly EnsembleServer[]) {
    this.kind = kind
    this.folder = folder
    this.servers = servers
  }

  /** Nothing runs yet. */
  static async prepare(kind: ServerKind, options: EnsembleOptions = {}): Promise<BenchEnsemble> {
    const { count = 3, settings = {}, nodeOptions = () => [] } = options
    const ports = await freePorts(count * 3)
    const members = Array.from({ length: count }, (_, i) => ({
      id: i + 1,
      clientPort: ports[3 * i] as number,
      peerPort: ports[3 * i + 1] as number,
      leaderPort: ports[3 * i + 2] as number,
    }))
    const folder = await mkdtemp(join(tmpdir(), 'banyan-bench-'))
    rememberFolder(folder)
    await kind.prepare(folder, members, { ...benchSettings, ...settings })
    const command = (where: string, id: number) => {
      const { program, args } = kind.command(where, id)
      return { program, args: [...nodeOptions(where, id), ...args] }
    }
    return new BenchEnsemble(
      kind,
      folder,
      members.map((member) => new EnsembleServer({ command }, folder, member)),
    )
  }

  /** All servers run and serve. */
  static async start(kind: ServerKind, options: EnsembleOptions = {}): Promise<BenchEnsemble> {
    const ensemble = await BenchEnsemble.prepare(kind, options)
    ensemble.startAll()
    await ensemble.settled()
    return ensemble
  }

  get addresses(): readonly string[] {
    return this.servers.map(({ address }) => address)
  }

  /** What the largest of the servers has in memory. */
  get residentBytesMax(): number {
    return Math.max(...this.servers.map((server) => residentBytes(server.child.pid)))
  }

  startAll(): void {
    for (const server of this.servers) if (!server.running) server.start()
  }

  /** Until all servers serve, one of them as the leader. */
  async settled(): Promise<EnsembleServer> {
    return until(
      `${this.kind.name}: one leader, and followers that serve`,
      async () => {
        const fallen = this.servers.find(({ fell }) => fell)
        if (fallen !== undefined) {
          throw new Hopeless(
            `${this.kind.name}: server ${fallen.id} has ended by itself:\n${fallen.log.slice(-2000)}`,
          )
        }
        const modes = await Promise.all(this.servers.map((server) => server.mode()))
        const leaders = this.servers.filter(
          (_server, i) => modes[i] === 'leader' || modes[i] === 'standalone',
        )
        return modes.every((mode) => mode !== null) && leaders.length === 1 ? leaders[0] : null
      },
      settleTimeoutMs,
    )
  }

  async killAll(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.kill()))
  }

  /** Kills what runs and removes the folder. */
  async end(): Promise<void> {
    await this.killAll()
    await rm(this.folder, { recursive: true, force: true })
    forgetFolder(this.folder)
  }
}
