import type { FailureDetector } from './failure-detector.ts'
import type { FollowerLoop } from './follower-loop.ts'
import type { LeaderLoop } from './leader-loop.ts'

/** One attempt at a reign, from joining or standing to its end: what a server has one of at most at any time. */
export interface Attempt {
  readonly leader: number
  readonly followerLoop: FollowerLoop
  /** Null unless this server leads, or tries to. */
  readonly leaderLoop: LeaderLoop | null
  begin(): void
  /** This server serves: the attempt has succeeded. */
  onServing(): void
  /** Closes the links on which nothing was heard for too long; called every heartbeat. */
  watch(nowMs: number): void
  /** Leaves whatever it has reached. Nothing is told about it. */
  end(reason: string): void
}

export interface AttemptEvents {
  /** The reign is established and its initial history is applied here. */
  onServe(attempt: Attempt, epoch: number): void
  onSynced(attempt: Attempt, id: number): void
  /** This server promises that leader this epoch. */
  onPromise(epoch: number, leader: number): void
  onMessage(message: Buffer): void
  /** It came to its end by itself. `successor`: whom the leader named when it stepped down in an orderly way. */
  onEnded(attempt: Attempt, reason: string, successor: number | null): void
  onFailure(error: Error): void
}

/** Calls for each server that is silent, once. Links that are not read on purpose are not held against the other side. */
export function watchSilence(
  detector: FailureDetector,
  nowMs: number,
  link: (server: number) => { paused: boolean } | null | undefined,
  onSilent: (server: number) => void,
): void {
  for (const server of detector.silent(nowMs)) {
    if (link(server)?.paused === true) {
      detector.heard(server, nowMs)
      continue
    }
    detector.forget(server)
    onSilent(server)
  }
}
