import type { Weather } from './direction.ts'

/** The machine that all clients are on. Servers are the machines of their ids. */
export const clientsMachine = 0

/** One server as it looks from one machine. */
export interface Door {
  readonly host: string
  readonly clientPort: number
  readonly peerPort: number
  readonly leaderPort: number
}

/** What lies between the servers of an ensemble, and between them and their clients. */
export interface ChaosNetwork {
  /** Whether more than partitions is possible: delays, slow links, connection resets. */
  readonly shapes: boolean
  /** How server `to` is reached from `from`; where it listens, when these are the same. */
  door(from: number, to: number): Door
  /** Changes the weather for what travels from `from` to `to`. */
  set(from: number, to: number, weather: Partial<Weather>): void
  /** Ends all connections between two machines without a good-bye. Returns how many there were. */
  reset(one: number, other: number): number
  /** Fair weather everywhere. */
  heal(): void
  close(): Promise<void>
}
