import type { Outcome } from './operation.ts'
import type { Violation } from './violation.ts'

interface Timed {
  client: number
  calledUs: number
  /** Infinity when it was never answered. */
  returnedUs: number
}

/** A sequential node was asked for. Calls of one client are in the order in which it made them. */
export interface Enqueued extends Timed {
  /** Its data, which no other call puts in. */
  token: string
  outcome: Outcome<{ name: string; czxid: number }>
}

/** A node was asked to be deleted. */
export interface Taken extends Timed {
  name: string
  /** What it held when its taker looked. */
  token: string
  outcome: Outcome<void>
}

/** What children there were, by a read behind a `sync`, which was called at `calledUs`. */
export interface Listed extends Timed {
  names: readonly string[]
}

export interface QueueHistory {
  enqueued: readonly Enqueued[]
  taken: readonly Taken[]
  listed: readonly Listed[]
  /** In the end, at one of the servers: token by name. */
  left: ReadonlyMap<string, string>
}

/** What became of one name, gathered from all calls about it. */
interface Item {
  token: string | null
  /** When its creation was answered. */
  enqueuedUs: number | null
  /** The first call to delete it that may have done so. */
  takingUs: number
  takenBy: Taken | null
}

/** Whether a queue of sequential nodes gives its items out in order, each of them, and each once. */
export function checkQueue(history: QueueHistory): Violation[] {
  return new QueueCheck(history).run()
}

class QueueCheck {
  readonly #history: QueueHistory
  readonly #items = new Map<string, Item>()
  readonly #violations: Violation[] = []

  constructor(history: QueueHistory) {
    this.#history = history
  }

  run(): Violation[] {
    this.#gather()
    this.#checkNames()
    this.#checkRefusals()
    this.#checkTokens()
    this.#checkLists()
    this.#checkLeft()
    return this.#violations
  }

  #gather(): void {
    for (const { token, returnedUs, outcome } of this.#history.enqueued) {
      if (outcome.kind !== 'ok') continue
      const { name } = outcome.output
      if (this.#items.get(name)?.enqueuedUs != null)
        this.#found('sequential names', `${name} was given twice`)
      this.#items.set(name, { ...this.#item(name), token, enqueuedUs: returnedUs })
    }
    for (const taken of this.#history.taken) {
      if (taken.outcome.kind === 'refused') continue
      const item = this.#item(taken.name)
      item.takingUs = Math.min(item.takingUs, taken.calledUs)
      if (taken.outcome.kind === 'ok') {
        if (item.takenBy !== null) {
          const who = `clients ${item.takenBy.client} and ${taken.client}`
          this.#found('taken once', `${taken.name} was deleted by ${who}`)
        }
        item.takenBy = taken
      }
      this.#items.set(taken.name, item)
    }
  }

  #item(name: string): Item {
    const none = { token: null, enqueuedUs: null, takingUs: Number.POSITIVE_INFINITY, takenBy: null }
    return this.#items.get(name) ?? none
  }

  /** The numbers rise with the zxids, and both with time and in each client's own order. */
  #checkNames(): void {
    const made = this.#history.enqueued.flatMap(({ outcome, ...call }) =>
      outcome.kind === 'ok' ? [{ ...call, ...outcome.output }] : [],
    )
    const lastOf = new Map<number, (typeof made)[number]>()
    for (const one of made) {
      const last = lastOf.get(one.client)
      if (last !== undefined && last.czxid >= one.czxid) {
        this.#found(
          'session order',
          `client ${one.client} made ${last.name} before ${one.name}, zxids the other way`,
        )
      }
      lastOf.set(one.client, one)
    }
    const byZxid = [...made].sort((a, b) => a.czxid - b.czxid)
    for (const [i, one] of byZxid.entries()) {
      const before = byZxid[i - 1]
      if (before !== undefined && numberOf(before.name) >= numberOf(one.name)) {
        const zxids = `zxids ${before.czxid} and ${one.czxid}`
        this.#found('sequential names', `${one.name} comes after ${before.name} (${zxids})`)
      }
    }
    const byReturn = [...made].sort((a, b) => a.returnedUs - b.returnedUs)
    const byCall = [...made].sort((a, b) => a.calledUs - b.calledUs)
    let answered = 0
    let newest: (typeof made)[number] | undefined
    for (const one of byCall) {
      for (; (byReturn[answered]?.returnedUs ?? Number.POSITIVE_INFINITY) < one.calledUs; answered++) {
        const earlier = byReturn[answered]
        if (earlier !== undefined && earlier.czxid > (newest?.czxid ?? 0)) newest = earlier
      }
      if (newest !== undefined && newest.czxid >= one.czxid) {
        this.#found('order in time', `${one.name} was asked for after ${newest.name} was there, but is older`)
      }
    }
  }

  /** Nobody but a taker removes an item. A node that was listed and is gone was taken by somebody else. */
  #checkRefusals(): void {
    for (const { client, name, returnedUs, outcome } of this.#history.taken) {
      if (outcome.kind !== 'refused') continue
      if (outcome.code !== 'noNode') {
        this.#found('taken once', `client ${client} may not delete ${name}: ${outcome.code}`)
      } else if (this.#item(name).takingUs > returnedUs) {
        this.#found(
          'nothing lost',
          `${name} was gone when client ${client} wanted it, and nobody else had taken it`,
        )
      }
    }
  }

  /** A token stands for one call: in two nodes, it was carried out twice. */
  #checkTokens(): void {
    const asked = new Set(this.#history.enqueued.map(({ token }) => token))
    const places = new Map<string, string>()
    const seen = (token: string, name: string): void => {
      const place = places.get(token)
      if (place !== undefined && place !== name) {
        this.#found('exactly once', `one call made both ${place} and ${name} (${token})`)
      }
      places.set(token, name)
      if (!asked.has(token)) this.#found('one history', `${name} holds "${token}", which nobody put in`)
      const expected = this.#item(name).token
      if (expected !== null && expected !== token) {
        this.#found('one history', `${name} holds "${token}", but was made with "${expected}"`)
      }
    }
    for (const { token, outcome } of this.#history.enqueued) {
      if (outcome.kind === 'ok') seen(token, outcome.output.name)
    }
    for (const { token, name } of this.#history.taken) seen(token, name)
    for (const [name, token] of this.#history.left) seen(token, name)
  }

  #checkLists(): void {
    for (const { client, calledUs, returnedUs, names } of this.#history.listed) {
      const shown = new Set(names)
      for (const [name, { enqueuedUs, takingUs, takenBy }] of this.#items) {
        if (shown.has(name)) {
          if (takenBy !== null && takenBy.returnedUs < calledUs) {
            this.#found('linearizability', `client ${client} lists ${name} behind a sync, after it was taken`)
          }
        } else if (enqueuedUs !== null && enqueuedUs < calledUs && takingUs > returnedUs) {
          this.#found(
            'linearizability',
            `client ${client} does not list ${name} behind a sync, and it is not taken`,
          )
        }
      }
    }
  }

  #checkLeft(): void {
    for (const [name, { enqueuedUs, takingUs, takenBy }] of this.#items) {
      const isLeft = this.#history.left.has(name)
      if (isLeft && takenBy !== null) {
        this.#found('taken once', `${name} is still there, though client ${takenBy.client} has taken it`)
      }
      if (!isLeft && enqueuedUs !== null && takingUs === Number.POSITIVE_INFINITY) {
        this.#found('nothing lost', `${name} was acknowledged, was never taken, and is gone`)
      }
    }
  }

  #found(rule: string, problem: string): void {
    this.#violations.push({ rule, problem })
  }
}

function numberOf(name: string): number {
  return Number(name.slice(-10))
}
