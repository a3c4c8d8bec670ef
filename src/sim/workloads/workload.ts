import type { Client } from '../../client/client.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { Violation } from '../checkers/violation.ts'

/** How a client of a workload is set up. */
export interface WorkloadClientOptions {
  /** Ids of the servers that it knows; all when left out. */
  servers?: readonly number[]
  sessionTimeoutMs?: number
  /** Whether the servers remember its answers, so that it can ask again after a lost connection; by default yes. */
  exactlyOnce?: boolean
}

/** What a workload is given: an ensemble of simulated servers or of real processes looks the same to it. */
export interface WorkloadContext {
  /** The only source of chance. */
  readonly random: SeededRandom
  /** A client that is not connected yet, on a machine of its own. The context closes it in the end. */
  client(options?: WorkloadClientOptions): Client
  /** Clock and timers to wait and to measure with; every client of the context runs on the same clock. */
  readonly runtime: Pick<Runtime, 'clock' | 'timers'>
  /** Ids of the servers of the ensemble. */
  readonly servers: readonly number[]
  /** A znode of its own, which exists: what the workload makes stands below it. */
  readonly root: string
  /** How long no server has run so far, all in all, at least: sessions do not age meanwhile. Left out where nobody knows. */
  standstillMs?(): number
  /** Something worth a line of the trace. */
  note(what: string): void
}

/**
 * Clients that use the ensemble as programs do, remember what they saw, and judge it in the end. Faults happen meanwhile: a
 * workload goes on through lost connections and expired sessions, and never takes them for a violation.
 */
export interface Workload {
  readonly name: string
  /** Makes what it needs, before there are faults. */
  prepare(): Promise<void>
  /** Begins; returns at once. */
  start(): void
  /** Asks for the end. Resolves when every call is answered or given up. */
  stop(): Promise<void>
  /** With the ensemble whole again: takes its last look (through clients) and tells what is wrong. */
  check(): Promise<Violation[]>
  /** How many operations were called; for the report. */
  readonly operationCount: number
}

export type MakeWorkload = (context: WorkloadContext) => Workload
