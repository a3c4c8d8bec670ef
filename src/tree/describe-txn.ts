import { JuteReader } from '../wire/jute-reader.ts'
import { readTxnHeader, TxnHeader, TxnKind } from './txn.ts'

/** One change of a transaction, for people. */
export interface TxnChange {
  readonly kind: string
  readonly path: string | null
  readonly dataBytes: number | null
}

/** What a transaction says, for people and programs that look at a log. Nothing is ever decided by it. */
export interface TxnDescription extends TxnChange {
  readonly session: number
  /** The server that took the request, and its number there; 0 and 0 for what the leader itself asks. */
  readonly server: number
  readonly number: number
  readonly wallMs: number
  /** The code of an error that was answered. */
  readonly error: number | null
  /** Of a new session. */
  readonly timeoutMs: number | null
  /** Of a multi. */
  readonly changes: readonly TxnChange[] | null
}

const names = new Map<number, string>(Object.entries(TxnKind).map(([name, kind]) => [kind, name]))
const noChange = { path: null, dataBytes: null }

/** Reads a transaction without applying it. Throws DecodeError for bytes that are none. */
export function describeTxn(payload: Buffer): TxnDescription {
  const reader = new JuteReader().reset(payload)
  const header = new TxnHeader()
  readTxnHeader(reader, header)
  const { kind, wallMs, server, number } = header
  const common = {
    session: header.sessionId,
    server,
    number,
    wallMs,
    error: null,
    timeoutMs: null,
    changes: null,
  }
  switch (kind) {
    case TxnKind.multi: {
      const changes: TxnChange[] = []
      for (let left = reader.int(); left > 0; left--) changes.push(readChange(reader, reader.int()))
      return { ...common, ...noChange, kind: nameOf(kind), changes }
    }
    case TxnKind.createSession:
      return { ...common, ...noChange, kind: nameOf(kind), timeoutMs: reader.int() }
    case TxnKind.error:
      return { ...common, ...noChange, kind: nameOf(kind), error: reader.int() }
    case TxnKind.failedMulti:
      reader.skip(8)
      return { ...common, ...noChange, kind: nameOf(kind), error: reader.int() }
    default:
      return { ...common, ...readChange(reader, kind) }
  }
}

function readChange(reader: JuteReader, kind: number): TxnChange {
  switch (kind) {
    case TxnKind.create:
    case TxnKind.create2: {
      const change = { kind: nameOf(kind), path: reader.text(), dataBytes: reader.buffer()?.length ?? null }
      skipAcl(reader)
      reader.skip(8)
      return change
    }
    case TxnKind.setData: {
      const change = { kind: nameOf(kind), path: reader.text(), dataBytes: reader.buffer()?.length ?? null }
      reader.skip(4)
      return change
    }
    case TxnKind.setAcl: {
      const path = reader.text()
      skipAcl(reader)
      reader.skip(4)
      return { kind: nameOf(kind), path, dataBytes: null }
    }
    case TxnKind.delete:
      return { kind: nameOf(kind), path: reader.text(), dataBytes: null }
    default:
      return { kind: nameOf(kind), ...noChange }
  }
}

function skipAcl(reader: JuteReader): void {
  reader.vector((entry) => {
    entry.skip(4)
    entry.string()
    entry.string()
  })
}

const nameOf = (kind: number): string => names.get(kind) ?? `kind ${kind}`
