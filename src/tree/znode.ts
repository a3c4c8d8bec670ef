import type { AclList } from './acl-table.ts'
import { hashString } from './digest.ts'
import type { PendingNode } from './overlay.ts'
import type { Owner } from './owner.ts'
import type { Zxid } from './zxid.ts'

/**
 * One node. Only `Tree` and what belongs to it touch the fields: they are to become
 * columns some day; everybody else asks the tree.
 */
export class Znode {
  readonly path: string
  data: Buffer | null
  acl: AclList
  readonly czxid: Zxid
  mzxid: Zxid
  /** Last child create or delete; the node's own czxid before any. */
  pzxid: Zxid
  readonly ctime: number
  mtime: number
  version = 0
  aversion = 0
  /** Children ever created: the next sequential child's number. Wraps at 2^31. */
  childCreations = 0
  readonly owner: Owner
  /** Null for the root, and while a snapshot has not brought it yet. */
  parent: Znode | null = null
  /** All nodes below: a client may ask for the number, and a walk through a million nodes would stall the server. */
  descendantCount = 0
  /** Bytes of their data, for the same reason: a client may begin a quota, as often as it likes. */
  descendantBytes = 0
  /** Names. Null until the first child. */
  children: Set<string> | null = null
  /** On a leader: the node as proposals in flight will leave it. Belongs to the overlay; here it costs no look-up. */
  pending: PendingNode | null = null
  /** The last snapshot that has this node as it should be. */
  snapshotMark: number

  readonly pathHash: number
  dataHash = 0
  /** What the node adds to the state's digest. */
  digestA = 0
  digestB = 0

  constructor(
    path: string,
    data: Buffer | null,
    acl: AclList,
    owner: Owner,
    zxid: Zxid,
    wallMs: number,
    snapshotMark: number,
  ) {
    this.path = path
    this.pathHash = hashString(path)
    this.data = data
    this.acl = acl
    this.owner = owner
    this.czxid = zxid
    this.mzxid = zxid
    this.pzxid = zxid
    this.ctime = wallMs
    this.mtime = wallMs
    this.snapshotMark = snapshotMark
  }
}
