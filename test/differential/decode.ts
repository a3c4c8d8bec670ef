import { OpCode } from '../../src/wire/opcodes.ts'

/** A stat, with what differs from run to run still raw. */
export interface Stat {
  readonly czxid: bigint
  readonly mzxid: bigint
  readonly ctimeMs: bigint
  readonly mtimeMs: bigint
  readonly version: number
  readonly cversion: number
  readonly aversion: number
  readonly owner: bigint
  readonly dataLength: number
  readonly childCount: number
  readonly pzxid: bigint
}

/** One part of a reply body. */
export type Value =
  | { readonly is: 'text' | 'data'; readonly value: string | null }
  | { readonly is: 'int'; readonly value: number }
  | { readonly is: 'stat'; readonly value: Stat }
  /** `ordered`: ZooKeeper promises the order. */
  | { readonly is: 'texts'; readonly value: readonly (string | null)[] | null; readonly ordered: boolean }
  | { readonly is: 'acl'; readonly value: readonly string[] | null }
  | { readonly is: 'result'; readonly opcode: number; readonly errorCode: number; readonly value: Value[] }
  /** Bytes that nobody expected here. */
  | { readonly is: 'rest'; readonly value: string }

const errorResult = -1

/** The body of a reply. What cannot be decoded is kept as it came, and so compared as it came. */
export function decodeBody(opcode: number, body: Buffer): Value[] {
  const reader = new Reader(body)
  const values: Value[] = []
  try {
    for (const value of reader.reply(opcode)) values.push(value)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  const rest = reader.rest()
  if (rest.length > 0) values.push({ is: 'rest', value: rest.toString('hex') })
  return values
}

/** Reads what a server writes. Running out of bytes is a RangeError. */
export class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int(): number {
    const value = this.#bytes.readInt32BE(this.#at)
    this.#at += 4
    return value
  }

  long(): bigint {
    const value = this.#bytes.readBigInt64BE(this.#at)
    this.#at += 8
    return value
  }

  byte(): number {
    const value = this.#bytes.readUInt8(this.#at)
    this.#at += 1
    return value
  }

  buffer(): Buffer | null {
    const start = this.#at
    const length = this.int()
    if (length === -1) return null
    if (length < 0 || this.#at + length > this.#bytes.length) {
      this.#at = start
      throw new RangeError(`a length of ${length}`)
    }
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  text(): string | null {
    return this.buffer()?.toString() ?? null
  }

  vector<T>(read: () => T): T[] | null {
    const count = this.int()
    return count === -1 ? null : Array.from({ length: Math.min(count, this.#bytes.length) }, read)
  }

  stat(): Stat {
    if (this.#at + 68 > this.#bytes.length) throw new RangeError('no room for a stat')
    return {
      czxid: this.long(),
      mzxid: this.long(),
      ctimeMs: this.long(),
      mtimeMs: this.long(),
      version: this.int(),
      cversion: this.int(),
      aversion: this.int(),
      owner: this.long(),
      dataLength: this.int(),
      childCount: this.int(),
      pzxid: this.long(),
    }
  }

  rest(): Buffer {
    return this.#bytes.subarray(this.#at)
  }

  *reply(opcode: number): Generator<Value> {
    switch (opcode) {
      case OpCode.create:
      case OpCode.sync:
        yield this.#text()
        return
      case OpCode.create2:
      case OpCode.createContainer:
      case OpCode.createTtl:
        yield this.#text()
        yield this.#stat()
        return
      case OpCode.exists:
      case OpCode.setData:
      case OpCode.setAcl:
        yield this.#stat()
        return
      case OpCode.getData:
      case OpCode.reconfig:
        yield this.#data()
        yield this.#stat()
        return
      case OpCode.getAcl:
        yield this.#acl()
        yield this.#stat()
        return
      case OpCode.getChildren:
      case OpCode.getEphemerals:
        yield this.#texts()
        return
      case OpCode.getChildren2:
        yield this.#texts()
        yield this.#stat()
        return
      case OpCode.getAllChildrenNumber:
      case OpCode.addWatch:
        yield { is: 'int', value: this.int() }
        return
      case OpCode.whoAmI:
        yield { is: 'texts', value: this.vector(() => `${this.text()}:${this.text()}`), ordered: false }
        return
      case OpCode.sasl:
        yield this.#data()
        return
      case OpCode.multi:
      case OpCode.multiRead:
        yield* this.#results()
    }
  }

  *#results(): Generator<Value> {
    for (;;) {
      const opcode = this.int()
      const done = this.byte() !== 0
      const errorCode = this.int()
      if (done) return
      const value: Value[] = []
      if (opcode === errorResult) value.push({ is: 'int', value: this.int() })
      else for (const part of this.reply(opcode)) value.push(part)
      yield { is: 'result', opcode, errorCode, value }
    }
  }

  #text(): Value {
    return { is: 'text', value: this.text() }
  }

  #data(): Value {
    return { is: 'data', value: this.buffer()?.toString('latin1') ?? null }
  }

  #stat(): Value {
    return { is: 'stat', value: this.stat() }
  }

  #texts(): Value {
    return { is: 'texts', value: this.vector(() => this.text()), ordered: false }
  }

  #acl(): Value {
    return { is: 'acl', value: this.vector(() => `${this.int()} ${this.text()}:${this.text()}`) }
  }
}
