import type { JuteReader } from './jute-reader.ts'
import type { JuteWriter } from './jute-writer.ts'

/** One field's serialisation, both ways, and how people see it. */
export interface Field<T> {
  read(reader: JuteReader): T
  write(writer: JuteWriter, value: T): void
  dump(value: T): string
}

/** A record is a field too: records nest. */
export interface RecordSchema<T> extends Field<T> {
  readonly name: string
}

export type RecordOf<S> = S extends RecordSchema<infer T> ? T : never

/**
 * Declares a record once: reader, writer and dump follow from the list of fields, in wire order.
 *
 *     const CheckVersionRequest = record('CheckVersionRequest', { path: text, version: int })
 */
export function record<T extends object>(
  name: string,
  fields: { [K in keyof T]: Field<T[K]> },
): RecordSchema<T> {
  const entries = Object.entries(fields) as [keyof T, Field<unknown>][]
  return {
    name,
    read(reader) {
      const value: Partial<Record<keyof T, unknown>> = {}
      for (const [key, field] of entries) value[key] = field.read(reader)
      return value as T
    },
    write(writer, value) {
      for (const [key, field] of entries) field.write(writer, value[key])
    },
    dump(value) {
      const parts = entries.map(([key, field]) => `${String(key)}=${field.dump(value[key])}`)
      return `${name}{${parts.join(' ')}}`
    },
  }
}

export const int: Field<number> = {
  read: (reader) => reader.int(),
  write: (writer, value) => void writer.int(value),
  dump: String,
}

/** 64 bits as a number: exact within 53 bits. For zxids, times and everything that this project hands out itself. */
export const long: Field<number> = {
  read: (reader) => reader.long(),
  write: (writer, value) => void writer.long(value),
  dump: String,
}

/** All 64 bits: ids that other servers than ours may have handed out. */
export const bigint: Field<bigint> = {
  read: (reader) => reader.bigint(),
  write: (writer, value) => void writer.bigint(value),
  dump: (value) => `0x${BigInt.asUintN(64, value).toString(16)}`,
}

export const bool: Field<boolean> = {
  read: (reader) => reader.bool(),
  write: (writer, value) => void writer.bool(value),
  dump: String,
}

const dumpedBytesMax = 32

/** Read as a VIEW of the frame. */
export const buffer: Field<Uint8Array | null> = {
  read: (reader) => reader.buffer(),
  write: (writer, value) => void writer.buffer(value),
  dump: (value) => {
    if (value === null) return 'null'
    const shown = Buffer.from(value.subarray(0, dumpedBytesMax)).toString('latin1')
    return `${value.length}:${JSON.stringify(shown)}${value.length > dumpedBytesMax ? '…' : ''}`
  },
}

export const string: Field<string | null> = {
  read: (reader) => reader.string(),
  write: (writer, value) => void writer.string(value),
  dump: (value) => JSON.stringify(value),
}

/** A string that null is not allowed for. */
export const text: Field<string> = {
  read: (reader) => reader.text(),
  write: (writer, value) => void writer.string(value),
  dump: (value) => JSON.stringify(value),
}

export function vector<T>(item: Field<T>): Field<readonly T[] | null> {
  return {
    read: (reader) => reader.vector(item.read),
    write(writer, value) {
      if (value === null) {
        writer.int(-1)
        return
      }
      writer.int(value.length)
      for (const element of value) item.write(writer, element)
    },
    dump: (value) => (value === null ? 'null' : `[${value.map(item.dump).join(' ')}]`),
  }
}

/** A field at the end that older peers leave out: undefined when the bytes run out. */
export function trailing<T>(field: Field<T>, bytesMin: number): Field<T | undefined> {
  return {
    read: (reader) => (reader.remaining < bytesMin ? undefined : field.read(reader)),
    write(writer, value) {
      if (value !== undefined) field.write(writer, value)
    },
    dump: (value) => (value === undefined ? 'absent' : field.dump(value)),
  }
}
