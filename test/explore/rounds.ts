import { newConfirmationState } from '../../src/replication/confirmation.ts'
import type { ServerState } from './model/state.ts'

/** Behind the discovery, and with no `sync` to come, nobody looks at rounds of heartbeats again. */
export function forgetRounds({ leading }: ServerState): void {
  if (leading === null || leading.machine.phase === 'discovery') return
  if (leading.machine.confirmation.round === 0) return
  leading.machine.confirmation = newConfirmationState()
  leading.machine.discovery.confirmRound = Number.POSITIVE_INFINITY
  leading.machine.discovery.confirmed.clear()
}

/**
 * A candidate's rounds of heartbeats before the one that counts are forgotten wherever they are on their way, and the others
 * are counted from there: nobody asks for more than whether an answer is to that round or a later one.
 */
export function forgetRoundsBefore(
  { leading, following }: ServerState,
  round: number,
  attempt: number,
): void {
  const kept = (one: number): number => one - round + 1
  if (following?.attempt === attempt) {
    following.down = following.down
      .filter((message) => message?.type !== 'heartbeat' || message.round >= round)
      .map((message) =>
        message?.type === 'heartbeat' ? { ...message, round: kept(message.round) } : message,
      )
  }
  if (leading?.attempt !== attempt) return
  const { confirmation, discovery } = leading.machine
  confirmation.round = kept(confirmation.round)
  discovery.confirmRound = 1
  for (const link of leading.links.values()) {
    link.up = link.up
      .filter((message) => message?.type !== 'heartbeatAck' || message.round >= round)
      .map((message) =>
        message?.type === 'heartbeatAck' ? { ...message, round: kept(message.round) } : message,
      )
  }
}
