import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { Timers } from '../runtime/timers.ts'
import type { ReplicatedState } from '../tree/replicated-state.ts'
import type { ClientConnection } from './client-connection.ts'
import type { ServerConfig } from './config/index.ts'
import type { DigestHistory } from './digest-history.ts'
import type { FlushList } from './flush-list.ts'
import type { FourLetterWords } from './four-letter-words/words.ts'
import type { Handshakes } from './handshake.ts'
import type { InFlight } from './in-flight.ts'
import type { LimitLog } from './limit-log.ts'
import type { ServerMetrics } from './metrics.ts'
import type { Reads } from './reads/reads.ts'
import type { WaitingBytes } from './request-order.ts'
import type { Requests } from './requests.ts'
import type { LocalSessions } from './sessions/local-sessions.ts'
import type { TurnShare } from './turn-share.ts'
import type { UnsentBytes } from './unsent-bytes.ts'
import type { WatchManager } from './watches/watch-manager.ts'

/** What the parts of the client side share. Made once by the server, which wires them. */
export interface ClientServices {
  readonly config: ServerConfig
  readonly clock: Clock
  readonly log: Log
  readonly limitLog: LimitLog
  /** Of the requests of all connections. */
  readonly waiting: WaitingBytes
  readonly unsent: UnsentBytes
  readonly turnShare: TurnShare
  readonly metrics: ServerMetrics
  readonly digests: DigestHistory
  readonly state: ReplicatedState
  readonly flushes: FlushList
  readonly watches: WatchManager<ClientConnection>
  readonly sessions: LocalSessions<ClientConnection>
  readonly inFlight: InFlight
  readonly handshakes: Handshakes
  readonly requests: Requests
  readonly reads: Reads
  readonly words: FourLetterWords
  readonly timers: Timers
  /** Calls back when the leader is confirmed and everything that it had committed is applied here. */
  sync(done: () => void): void
  /** This server leads too few for anything to be decided. */
  isCutOff(): boolean
  /** Requests up to this number were done without this server applying them, as the state came by snapshot: settles them. */
  answerThrough(number: number): void
  connectionClosed(connection: ClientConnection): void
  /** Something broke that is not a client's fault: the server stops. */
  onBroken(error: unknown): void
}
