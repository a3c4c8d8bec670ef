import type { Identities } from '../../tree/identities.ts'
import { rootPath } from '../../tree/paths.ts'
import { ErrorCode } from '../../wire/error-codes.ts'
import type { JuteReader } from '../../wire/jute-reader.ts'
import { OpCode } from '../../wire/opcodes.ts'
import type { ClientConnection } from '../client-connection.ts'
import type { ClientServices } from '../client-services.ts'
import { findReadable } from './find-readable.ts'
import { Target } from './target.ts'

/** Reads of what is below a node: getChildren, getChildren2, getAllChildrenNumber. */
export class ChildrenReads {
  readonly #services: ClientServices
  readonly #target = new Target()

  constructor(services: ClientServices) {
    this.#services = services
  }

  getChildren(
    connection: ClientConnection,
    opcode: number,
    xid: number,
    body: JuteReader,
    identities: Identities,
  ): void {
    const target = this.#target
    target.readWatchable(body)
    const { state } = this.#services
    const { tree } = state
    const node = findReadable(state, target, connection, xid, body, identities)
    if (node === undefined) return
    if (target.watch && !this.#services.watches.watchChildren(target.pathAt(node, tree), connection)) return
    const out = connection.beginReply(xid, state.lastApplied, ErrorCode.ok)
    tree.writeChildNames(node, out)
    if (opcode === OpCode.getChildren2) tree.writeStat(node, out)
    connection.endReply()
  }

  /** All nodes below. Under its empty name the root itself is among them, as in ZooKeeper. */
  getAllChildrenNumber(
    connection: ClientConnection,
    xid: number,
    body: JuteReader,
    identities: Identities,
  ): void {
    const target = this.#target
    target.read(body)
    const { state } = this.#services
    const { tree } = state
    const node = findReadable(state, target, connection, xid, body, identities)
    if (node === undefined) return
    const isRootByEmptyName = tree.path(node) === rootPath && target.path(body) === ''
    const count = tree.descendantCount(node) + (isRootByEmptyName ? 1 : 0)
    connection.beginReply(xid, state.lastApplied, ErrorCode.ok).int(count)
    connection.endReply()
  }
}
