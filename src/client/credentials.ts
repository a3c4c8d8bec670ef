import { ErrorCode } from '../wire/error-codes.ts'
import { OpCode, SpecialXid } from '../wire/opcodes.ts'
import { AuthRequest } from '../wire/requests.ts'
import { encodeRequest } from './encode-request.ts'
import { Fifo } from './fifo.ts'
import { ZkError } from './zk-error.ts'

interface Credential {
  readonly scheme: string
  readonly frame: Buffer
  readonly settle: (error: ZkError | null) => void
}

/**
 * Who this client claims to be. Servers tie identities to the connection, so every new connection gets all of them again,
 * ahead of everything else.
 */
export class Credentials {
  #all: Credential[] = []
  /** Sent on this connection and not answered: answers come in order. */
  readonly #inFlight = new Fifo<Credential>()
  readonly #onRefused: (scheme: string) => void

  /** @param onRefused a server has refused one, perhaps long after another had accepted it */
  constructor(onRefused: (scheme: string) => void) {
    this.#onRefused = onRefused
  }

  /** Resolves when a server has accepted it; rejects with `authFailed` when it refuses, and then forgets it. */
  add(scheme: string, auth: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const frame = encodeRequest(OpCode.auth, AuthRequest, { type: 0, scheme, auth }, SpecialXid.auth)
      this.#all.push({ scheme, frame, settle: (error) => (error === null ? resolve() : reject(error)) })
    })
  }

  encodeAll(): Buffer[] {
    for (const credential of this.#all) this.#inFlight.push(credential)
    return this.#all.map(({ frame }) => frame)
  }

  encodeLast(): Buffer {
    const last = this.#all.at(-1)
    if (last === undefined) return Buffer.alloc(0)
    this.#inFlight.push(last)
    return last.frame
  }

  answered(errorCode: number): void {
    const credential = this.#inFlight.shift()
    if (credential === undefined) return
    if (errorCode === ErrorCode.ok) {
      credential.settle(null)
      return
    }
    this.#all = this.#all.filter((other) => other !== credential)
    credential.settle(
      new ZkError(errorCode, null, `the server refuses these credentials (scheme "${credential.scheme}")`),
    )
    this.#onRefused(credential.scheme)
  }

  connectionLost(): void {
    this.#inFlight.drain()
  }

  closed(): void {
    for (const credential of this.#all) credential.settle(new ZkError(ErrorCode.closing))
    this.#all = []
  }
}
