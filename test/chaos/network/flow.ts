import type { Socket } from 'node:net'
import type { SeededRandom } from '../../../src/runtime/seeded-random.ts'
import type { Direction } from './direction.ts'

/** What travels: bytes, or something that happens to the connection behind them. */
type Parcel = { dueMs: number; bytes: Buffer } | { dueMs: number; event: 'open' | 'end' | 'reset' }

/** So much may be on its way; then its source is not read, as when a window is full. */
const onTheWayBytesMax = 1024 * 1024
/** A slow link passes pieces of this size. */
const pieceBytes = 4096

export interface FlowEvents {
  /** The first word of a connection has arrived: the other end is to be dialled. The flow goes on when `attach` is called. */
  onOpen?(): void
  onReset(): void
  /** Its source has ended, and all of it has arrived. */
  onEnd(): void
}

/** One way of one connection: bytes arrive in their order, as late and as slowly as the weather wants it. */
export class Flow {
  readonly #direction: Direction
  readonly #random: SeededRandom
  readonly #events: FlowEvents
  readonly #unfollow: () => void
  #source: Socket | null = null
  #target: Socket | null = null
  #parcels: Parcel[] = []
  #bytes = 0
  #timer: NodeJS.Timeout | undefined
  #latestDueMs = 0
  #freeAtMs = 0
  #opening = false
  #full = false
  #over = false

  constructor(direction: Direction, random: SeededRandom, events: FlowEvents) {
    this.#direction = direction
    this.#random = random
    this.#events = events
    this.#unfollow = direction.follow(() => this.#move())
  }

  /** What comes in there travels. */
  from(source: Socket): void {
    this.#source = source
    source.on('data', (bytes: Buffer) => this.#send({ dueMs: 0, bytes }))
    source.once('end', () => this.#send({ dueMs: 0, event: 'end' }))
  }

  /** And arrives here. */
  to(target: Socket): void {
    this.#target = target
    this.#opening = false
    target.on('drain', () => {
      this.#full = false
      this.#move()
    })
    this.#move()
  }

  open(): void {
    this.#send({ dueMs: 0, event: 'open' })
  }

  /** The source is gone without a word of good-bye; the other end hears of it when this word has arrived. */
  reset(): void {
    this.#send({ dueMs: 0, event: 'reset' })
  }

  close(): void {
    this.#over = true
    clearTimeout(this.#timer)
    this.#unfollow()
    this.#parcels = []
  }

  #send(parcel: Parcel): void {
    if (this.#over) return
    const { delayMs, jitterMs } = this.#direction.weather
    const lateMs = delayMs + (jitterMs > 0 ? this.#random.below(Math.ceil(jitterMs)) : 0)
    this.#latestDueMs = Math.max(this.#latestDueMs, performance.now() + lateMs)
    parcel.dueMs = this.#latestDueMs
    this.#parcels.push(parcel)
    if ('bytes' in parcel) this.#bytes += parcel.bytes.length
    if (this.#bytes > onTheWayBytesMax) this.#source?.pause()
    this.#move()
  }

  #move(): void {
    clearTimeout(this.#timer)
    while (!this.#over && !this.#full && !this.#opening && !this.#direction.weather.blocked) {
      const [first] = this.#parcels
      if (first === undefined) return
      const waitMs = Math.max(first.dueMs, this.#freeAtMs) - performance.now()
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#move(), waitMs)
        return
      }
      this.#deliver(first)
    }
  }

  #deliver(first: Parcel): void {
    if ('event' in first) {
      this.#parcels.shift()
      if (first.event === 'open') {
        this.#opening = true
        this.#events.onOpen?.()
      } else if (first.event === 'end') {
        this.#target?.end()
        this.#events.onEnd()
      } else this.#events.onReset()
      return
    }
    const { bytesPerSecond } = this.#direction.weather
    const slow = Number.isFinite(bytesPerSecond)
    const piece = slow && first.bytes.length > pieceBytes ? first.bytes.subarray(0, pieceBytes) : first.bytes
    if (piece.length === first.bytes.length) this.#parcels.shift()
    else first.bytes = first.bytes.subarray(piece.length)
    this.#bytes -= piece.length
    if (slow) this.#freeAtMs = performance.now() + (piece.length / bytesPerSecond) * 1000
    if (this.#bytes <= onTheWayBytesMax / 2) this.#source?.resume()
    if (this.#target?.write(piece) === false) this.#full = true
  }
}
