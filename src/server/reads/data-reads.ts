import { allows, masked, mayRead } from '../../tree/acl.ts'
import type { Identities } from '../../tree/identities.ts'
import { ErrorCode } from '../../wire/error-codes.ts'
import type { JuteReader } from '../../wire/jute-reader.ts'
import { Permission } from '../../wire/node-flags.ts'
import { acls } from '../../wire/records.ts'
import type { ClientConnection } from '../client-connection.ts'
import type { ClientServices } from '../client-services.ts'
import { findReadable } from './find-readable.ts'
import { Target } from './target.ts'

/** Reads of one node: getData, exists, getACL. */
export class DataReads {
  readonly #services: ClientServices
  readonly #target = new Target()

  constructor(services: ClientServices) {
    this.#services = services
  }

  getData(connection: ClientConnection, xid: number, body: JuteReader, identities: Identities): void {
    const target = this.#target
    target.readWatchable(body)
    const { state } = this.#services
    const { tree } = state
    const node = findReadable(state, target, connection, xid, body, identities)
    if (node === undefined) return
    if (target.watch && !this.#services.watches.watchData(target.pathAt(node, tree), connection)) return
    const out = connection.beginReply(xid, state.lastApplied, ErrorCode.ok)
    tree.writeData(node, out)
    tree.writeStat(node, out)
    connection.endReply()
  }

  /** The watch stays also when there is no such node: its creation fires it. */
  exists(connection: ClientConnection, xid: number, body: JuteReader, identities: Identities): void {
    const target = this.#target
    target.readWatchable(body)
    const { state } = this.#services
    const { tree } = state
    const node = target.find(body, tree)
    if (node === undefined) {
      const path = target.path(body)
      if (path.includes('\0')) return connection.reply(xid, state.lastApplied, ErrorCode.badArguments)
      if (target.watch && !this.#services.watches.watchData(path, connection)) return
      return connection.reply(xid, state.lastApplied, ErrorCode.noNode)
    }
    if (!mayRead(tree.acl(node), identities)) {
      return connection.reply(xid, state.lastApplied, ErrorCode.noAuth)
    }
    if (target.watch && !this.#services.watches.watchData(target.pathAt(node, tree), connection)) return
    tree.writeStat(node, connection.beginReply(xid, state.lastApplied, ErrorCode.ok))
    connection.endReply()
  }

  getAcl(connection: ClientConnection, xid: number, body: JuteReader, identities: Identities): void {
    this.#target.read(body)
    const { state } = this.#services
    const { tree } = state
    const node = this.#target.find(body, tree)
    if (node === undefined) return connection.reply(xid, state.lastApplied, ErrorCode.noNode)
    const acl = tree.acl(node)
    if (!allows(acl, Permission.read | Permission.admin, identities)) {
      return connection.reply(xid, state.lastApplied, ErrorCode.noAuth)
    }
    const out = connection.beginReply(xid, state.lastApplied, ErrorCode.ok)
    acls.write(out, masked(acl.entries, identities))
    tree.writeStat(node, out)
    connection.endReply()
  }
}
