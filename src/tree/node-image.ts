import { type AclList, openAcl } from './acl-table.ts'
import { noOwner, type Owner } from './owner.ts'
import type { Zxid } from './zxid.ts'

const nothing = Buffer.alloc(0)

/** All that is to be known of a node to put it into a tree: where its path and its data stand, and the rest. */
export class NodeImage {
  path: Buffer = nothing
  pathAt = 0
  pathEnd = 0
  source: Buffer = nothing
  dataAt = 0
  /** -1 for null. */
  dataLength = 0
  czxid: Zxid = 0
  mzxid: Zxid = 0
  pzxid: Zxid = 0
  ctime = 0
  mtime = 0
  version = 0
  aversion = 0
  childCreations = 0
  owner: Owner = noOwner
  acl: AclList = openAcl

  setPath(path: string): void {
    this.path = Buffer.from(path)
    this.pathAt = 0
    this.pathEnd = this.path.length
  }
}
