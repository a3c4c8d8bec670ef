import { type AclList, openAcl } from './acl-table.ts'

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
