/** What is asked for. `fill` makes the znodes that the others read and set. */
export type Mix =
  | { readonly kind: 'get' | 'set' | 'create' | 'fill' }
  | { readonly kind: 'mixed'; readonly readPercent: number }

/** One burst of load. Travels to the generator's process as JSON. */
export interface LoadSpec {
  /** As `127.0.0.1:2181`; connections are spread over them in turn. */
  readonly servers: readonly string[]
  readonly connections: number
  /** Requests in flight on each connection. */
  readonly window: number
  readonly mix: Mix
  readonly dataBytes: number
  /** How many znodes gets and sets draw from. */
  readonly nodes: number
  /** They are its children. Created znodes are, too. */
  readonly parent: string
  /** Tells the znodes of one burst of creates from those of another under the same parent. */
  readonly name: string
  /** Whether the znodes have to be made first. */
  readonly prepare: boolean
  readonly warmUpMs: number
  readonly measureMs: number
  /** The burst ends with so many requests answered, however long it takes; null: after its time. */
  readonly requestsMax: number | null
}

export interface Latencies {
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
}

/** What the generator's process answers, as JSON. */
export interface LoadResult {
  readonly operationsPerSecond: number
  readonly measuredMs: number
  readonly reads: Latencies
  readonly writes: Latencies
  /** Both together. */
  readonly all: Latencies
  /** Replies with an error code. */
  readonly errors: number
  /** Connections that ended, or whose server broke the protocol, with the first reason. */
  readonly broken: number
  readonly brokenReason: string | null
  /** Processor time that the generator took while it measured. */
  readonly cpuMs: number
}
