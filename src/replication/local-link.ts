import type { Link, LinkHandlers, SharedMessage } from './link.ts'
import type { ReplicationMessage } from './messages.ts'

/**
 * The link between the leader and the follower in its own process: the same messages as over the network, without the
 * bytes. A message is delivered after the call that sent it has returned, as the network would.
 */
class LocalEnd implements Link {
  readonly bufferedBytes = 0
  /** It holds nothing of its own: the leader loop bounds what it puts in, and pauses the link that a history comes by. */
  readonly paused = false
  readonly #schedule: (call: () => void) => void
  readonly #delivery = () => this.#deliver()
  #handlers: LinkHandlers | null = null
  #peer: LocalEnd | null = null
  #inbox: ReplicationMessage[] = []
  #scheduled = false
  #closed = false

  constructor(schedule: (call: () => void) => void) {
    this.#schedule = schedule
  }

  attach(peer: LocalEnd, handlers: LinkHandlers): void {
    this.#peer = peer
    this.#handlers = handlers
  }

  get closed(): boolean {
    return this.#closed
  }

  send(message: ReplicationMessage): void {
    if (!this.#closed) this.#peer?.receive(message)
  }

  sendShared(shared: SharedMessage): void {
    this.send(shared.message)
  }

  pause(): void {}

  resume(): void {}

  drained(): Promise<void> {
    return Promise.resolve()
  }

  close(reason: string): void {
    if (this.#closed) return
    const peer = this.#peer
    this.#end(reason)
    peer?.endSoon(reason)
  }

  receive(message: ReplicationMessage): void {
    this.#inbox.push(message)
    if (this.#scheduled) return
    this.#scheduled = true
    this.#schedule(this.#delivery)
  }

  endSoon(reason: string): void {
    this.#schedule(() => this.#end(reason))
  }

  #deliver(): void {
    this.#scheduled = false
    const messages = this.#inbox
    this.#inbox = []
    for (const message of messages) {
      if (this.#closed) return
      this.#handlers?.onMessage(message)
    }
  }

  #end(reason: string): void {
    if (this.#closed) return
    this.#closed = true
    this.#inbox = []
    this.#handlers?.onClose(reason)
  }
}

/** Makes the two ends. `schedule` calls back soon, outside the caller; deliveries keep their order. */
export function localLinkPair(
  schedule: (call: () => void) => void,
  handlers: (ends: { leaderEnd: Link; followerEnd: Link }) => {
    leader: LinkHandlers
    follower: LinkHandlers
  },
): { leaderEnd: Link; followerEnd: Link } {
  const leaderEnd = new LocalEnd(schedule)
  const followerEnd = new LocalEnd(schedule)
  const { leader, follower } = handlers({ leaderEnd, followerEnd })
  leaderEnd.attach(followerEnd, leader)
  followerEnd.attach(leaderEnd, follower)
  return { leaderEnd, followerEnd }
}
