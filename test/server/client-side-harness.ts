import type { Log } from '../../src/runtime/log.ts'
import { ClientSide } from '../../src/server/client-side.ts'
import { standardAccess } from '../../src/server/config/access-settings.ts'
import type { ServerConfig } from '../../src/server/config/index.ts'
import { FakeReplica } from './fake-replica.ts'
import { fakeRuntime } from './fake-world.ts'
import { type ConnectFields, RawClient } from './raw-client.ts'

export const testConfig: ServerConfig = {
  serverId: 1,
  servers: [
    { id: 1, host: '127.0.0.1', clientPort: 2181, clientHost: '0.0.0.0', peerPort: 3181, leaderPort: 4181 },
  ],
  standalone: false,
  membership: 'server.1=127.0.0.1:4181:3181:participant;0.0.0.0:2181\nversion=100000000',
  format: 'table',
  dataDir: '/data',
  serverDir: '/data/1',
  clientPort: 2181,
  clientHost: '0.0.0.0',
  tickTimeMs: 1000,
  initLimitTicks: 10,
  syncLimitTicks: 5,
  minSessionTimeoutMs: 2000,
  maxSessionTimeoutMs: 20_000,
  maxClientCnxns: 60,
  maxCnxns: 0,
  sessionlessCnxnTimeoutMs: 10_000,
  globalOutstandingLimit: 1000,
  snapCount: 100_000,
  juteMaxBuffer: 1_048_575,
  extendedTypesEnabled: true,
  reapIntervalMs: 60_000,
  reapedPerMinuteMax: 10_000,
  neverUsedContainerMs: 300_000,
  fourLetterWords: '*',
  access: standardAccess,
  enforceQuota: false,
  heartbeatMs: 100,
  peerTimeoutMs: 1000,
  leaderPreemption: true,
  replication: 'passive',
  resync: 'auto',
}

/** The client side of one server, over a replica that the test drives. */
export class Harness {
  readonly runtime = fakeRuntime()
  readonly time = this.runtime.clock
  readonly replica: FakeReplica
  readonly side: ClientSide
  readonly broken: unknown[] = []
  /** What was logged: level and message. */
  readonly lines: string[] = []

  private constructor(config: Partial<ServerConfig>) {
    this.replica = new FakeReplica(config.serverId ?? testConfig.serverId)
    this.side = new ClientSide({
      runtime: { ...this.runtime, log: logInto(this.lines) },
      config: { ...testConfig, ...config },
      replica: this.replica,
      onBroken: (error) => {
        this.broken.push(error)
        throw error
      },
    })
    this.replica.target = this.side
  }

  /** Takes clients, has no leader. */
  static async start(config: Partial<ServerConfig> = {}): Promise<Harness> {
    const harness = new Harness(config)
    await harness.side.start()
    return harness
  }

  /** Serves. */
  static async serving(config: Partial<ServerConfig> = {}): Promise<Harness> {
    const harness = await Harness.start(config)
    harness.replica.lead()
    return harness
  }

  /** A connection without a word said. */
  dial(host?: string): RawClient {
    return new RawClient(this.runtime.network.dial(host), this.time)
  }

  /** A client with a session. */
  client(fields: ConnectFields = {}): RawClient {
    const client = this.dial()
    client.connect(fields)
    return client
  }

  /** The state as of now, in pieces. */
  async snapshot(): Promise<Buffer[]> {
    const pieces: Buffer[] = []
    const walk = this.side.tree.snapshot()[Symbol.asyncIterator]()
    for (;;) {
      const next = walk.next()
      // It pauses until the end of the turn between pieces.
      await Promise.resolve()
      await Promise.resolve()
      this.time.endTurns()
      const { done, value } = await next
      if (done === true) return pieces
      pieces.push(value)
    }
  }

  /** The state is replaced, as when a leader's log does not reach back far enough. */
  async load(zxid: number, pieces: readonly Buffer[]): Promise<void> {
    async function* chunks(): AsyncGenerator<Buffer> {
      yield* pieces
    }
    await this.side.tree.load(zxid, chunks())
  }

  /** Applies what is proposed, in one turn. */
  commit(count?: number): void {
    this.replica.commit(count)
    this.time.endTurns()
  }
}

function logInto(lines: string[]): Log {
  const at = (level: string) => (message: string) => {
    lines.push(`${level}: ${message}`)
  }
  const log: Log = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => log,
  }
  return log
}
