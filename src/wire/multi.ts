import { DecodeError } from './decode-error.ts'
import type { JuteReader } from './jute-reader.ts'
import type { JuteWriter } from './jute-writer.ts'
import { OpCode } from './opcodes.ts'
import { MultiHeader, type Stat } from './records.ts'
import {
  CheckRequest,
  CreateRequest,
  CreateTtlRequest,
  DeleteRequest,
  GetChildrenResponse,
  GetDataResponse,
  PathResponse,
  PathStatResponse,
  SetDataRequest,
  StatResponse,
  WatchableRequest,
} from './requests.ts'
import type { RecordOf, RecordSchema } from './schema.ts'

/** One operation inside a multi or multiRead request. */
export type MultiOperation =
  | ({ type: typeof OpCode.create | typeof OpCode.create2 | typeof OpCode.createContainer } & CreateRequest)
  | ({ type: typeof OpCode.createTtl } & RecordOf<typeof CreateTtlRequest>)
  | ({ type: typeof OpCode.delete } & RecordOf<typeof DeleteRequest>)
  | ({ type: typeof OpCode.setData } & RecordOf<typeof SetDataRequest>)
  | ({ type: typeof OpCode.check } & RecordOf<typeof CheckRequest>)
  | ({ type: typeof OpCode.getData | typeof OpCode.getChildren } & RecordOf<typeof WatchableRequest>)

/** One result of a multi or multiRead. */
export type MultiResult =
  | { type: typeof OpCode.create; path: string }
  | { type: typeof OpCode.create2; path: string; stat: Stat }
  | { type: typeof OpCode.delete }
  | { type: typeof OpCode.setData; stat: Stat }
  | { type: typeof OpCode.check }
  | { type: typeof OpCode.getData; data: Uint8Array | null; stat: Stat }
  | { type: typeof OpCode.getChildren; children: readonly string[] | null }
  | { type: typeof OpCode.error; err: number }

const requestSchemas = new Map<number, RecordSchema<unknown>>([
  [OpCode.create, CreateRequest],
  [OpCode.create2, CreateRequest],
  [OpCode.createContainer, CreateRequest],
  [OpCode.createTtl, CreateTtlRequest],
  [OpCode.delete, DeleteRequest],
  [OpCode.setData, SetDataRequest],
  [OpCode.check, CheckRequest],
  [OpCode.getData, WatchableRequest],
  [OpCode.getChildren, WatchableRequest],
])

/** Written by hand: it precedes every operation and result. `err` is -1 in requests. */
export function writeMultiHeader(writer: JuteWriter, type: number, err: number): void {
  writer.int(type).bool(false).int(err)
}

export function writeMultiEnd(writer: JuteWriter): void {
  writer.int(-1).bool(true).int(-1)
}

export function writeMultiRequest(writer: JuteWriter, operations: readonly MultiOperation[]): void {
  for (const operation of operations) {
    writeMultiHeader(writer, operation.type, -1)
    requestSchemas.get(operation.type)?.write(writer, operation)
  }
  writeMultiEnd(writer)
}

/** Throws DecodeError, also for an operation that cannot be part of a multi. */
export function readMultiRequest(reader: JuteReader): MultiOperation[] {
  const operations: MultiOperation[] = []
  for (;;) {
    const header = MultiHeader.read(reader)
    if (header.done) return operations
    const schema = requestSchemas.get(header.type)
    if (schema === undefined) throw new DecodeError(`found opcode ${header.type} inside a multi`)
    operations.push({ type: header.type, ...(schema.read(reader) as object) } as MultiOperation)
  }
}

/** Throws DecodeError. */
export function readMultiResponse(reader: JuteReader): MultiResult[] {
  const results: MultiResult[] = []
  for (;;) {
    const header = MultiHeader.read(reader)
    if (header.done) return results
    results.push(readResult(reader, header.type))
  }
}

function readResult(reader: JuteReader, type: number): MultiResult {
  switch (type) {
    case OpCode.create:
      return { type, ...PathResponse.read(reader) }
    case OpCode.create2:
      return { type, ...PathStatResponse.read(reader) }
    case OpCode.setData:
      return { type, ...StatResponse.read(reader) }
    case OpCode.getData:
      return { type, ...GetDataResponse.read(reader) }
    case OpCode.getChildren:
      return { type, ...GetChildrenResponse.read(reader) }
    case OpCode.delete:
    case OpCode.check:
      return { type }
    case OpCode.error:
      return { type, err: reader.int() }
    default:
      throw new DecodeError(`found result type ${type} in a multi`)
  }
}
