import { type AclList, openAcl } from './acl-table.ts'
import { Field } from './node-table.ts'

const nothing = Buffer.alloc(0)

/**
 * What a snapshot has of a node besides path, data and access control list, by offset: in the order that snapshot-format.ts
 * writes, which is not that of node-table.ts.
 */
export const SavedField = {
  /** long */
  czxid: 0,
  /** long */
  mzxid: 8,
  /** long */
  pzxid: 16,
  /** long */
  ctime: 24,
  /** long */
  mtime: 32,
  version: 40,
  aversion: 44,
  childCreations: 48,
  /** long */
  owner: 52,
} as const

export const savedBytes = 60

/** All that is to be known of a node to put it into a tree: where its path, its data and the rest stand. */
export class NodeImage {
  path: Buffer = nothing
  pathAt = 0
  pathEnd = 0
  source: Buffer = nothing
  dataAt = 0
  /** -1 for null. */
  dataLength = 0
  /** Zeros, until something else is put in its place. */
  saved: DataView = new DataView(new ArrayBuffer(savedBytes))
  savedAt = 0
  acl: AclList = openAcl

  setPath(path: string): void {
    this.path = Buffer.from(path)
    this.pathAt = 0
    this.pathEnd = this.path.length
  }

  setInt(field: number, value: number): void {
    this.saved.setInt32(this.savedAt + field, value)
  }
}

/**
 * Copies what a snapshot has of a node into its record, but for the owner, which is there. Word by word, for to make numbers of
 * them takes several times as long.
 */
export function restoreRecord(record: DataView, at: number, saved: DataView, savedAt: number): void {
  copyLong(record, at + Field.czxid, saved, savedAt + SavedField.czxid)
  copyLong(record, at + Field.mzxid, saved, savedAt + SavedField.mzxid)
  copyLong(record, at + Field.pzxid, saved, savedAt + SavedField.pzxid)
  copyLong(record, at + Field.ctime, saved, savedAt + SavedField.ctime)
  copyLong(record, at + Field.mtime, saved, savedAt + SavedField.mtime)
  record.setInt32(at + Field.version, saved.getInt32(savedAt + SavedField.version))
  record.setInt32(at + Field.aversion, saved.getInt32(savedAt + SavedField.aversion))
  const childCreations = saved.getInt32(savedAt + SavedField.childCreations)
  record.setInt32(at + Field.childCreations, childCreations)
  record.setInt32(at + Field.cversion, 2 * childCreations)
}

function copyLong(target: DataView, at: number, source: DataView, sourceAt: number): void {
  target.setInt32(at, source.getInt32(sourceAt))
  target.setInt32(at + 4, source.getInt32(sourceAt + 4))
}
