import { finish, mix } from './digest.ts'
import { Field, type NodeTable } from './node-table.ts'
import type { Znode } from './znode.ts'

/** The half of what a node adds to the state's digest that changes with the data. */
export function digestOfData(records: NodeTable, node: Znode, dataHash: number): number {
  const view = records.view(node)
  const at = records.at(node)
  let h = mix(view.getInt32(at + Field.pathHash), dataHash)
  h = mix(h, view.getInt32(at + Field.version))
  h = mixStored(h, view, at + Field.mzxid)
  return finish(mixStored(h, view, at + Field.mtime))
}

/** The half that changes with the children and the access control list. */
export function digestOfRest(records: NodeTable, node: Znode, aclHash: number): number {
  const view = records.view(node)
  const at = records.at(node)
  let h = mix(view.getInt32(at + Field.pathHash) ^ 0x5bd1e995, aclHash)
  h = mix(h, view.getInt32(at + Field.aversion))
  h = mix(h, view.getInt32(at + Field.childCreations))
  h = mix(h, view.getInt32(at + Field.childCount))
  h = mixStored(h, view, at + Field.czxid)
  h = mixStored(h, view, at + Field.ctime)
  h = mixStored(h, view, at + Field.owner)
  return finish(mixStored(h, view, at + Field.pzxid))
}

/** As `mixLong` of the number that stands there. */
function mixStored(hash: number, view: DataView, at: number): number {
  return mix(mix(hash, view.getInt32(at + 4)), view.getInt32(at))
}
