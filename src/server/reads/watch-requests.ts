import { DecodeError } from '../../wire/decode-error.ts'
import { ErrorCode } from '../../wire/error-codes.ts'
import type { JuteReader } from '../../wire/jute-reader.ts'
import { OpCode } from '../../wire/opcodes.ts'
import {
  AddWatchRequest,
  SetWatches2Request,
  SetWatchesRequest,
  WatchTypeRequest,
} from '../../wire/requests.ts'
import type { ClientConnection } from '../client-connection.ts'
import type { ClientServices } from '../client-services.ts'
import { AddWatchMode } from '../watches/watch-manager.ts'

/** Requests about nothing but watches. None of them looks at a path or at who asks. */
export class WatchRequests {
  readonly #services: ClientServices

  constructor(services: ClientServices) {
    this.#services = services
  }

  /** What a client watched on its connection before. Events for what it missed leave ahead of the reply. */
  setWatches(connection: ClientConnection, opcode: number, xid: number, body: JuteReader): void {
    const { state, watches } = this.#services
    const lists = readLists(opcode, body)
    const old = {
      relativeZxid: lists.relativeZxid,
      data: lists.dataWatches,
      exist: lists.existWatches,
      child: lists.childWatches,
      persistent: lists.persistentWatches,
      recursive: lists.persistentRecursiveWatches,
    }
    if (!watches.restore(connection, old, state.tree)) return
    connection.reply(xid, state.lastApplied, ErrorCode.ok)
  }

  addWatch(connection: ClientConnection, xid: number, body: JuteReader): void {
    const { path, mode } = AddWatchRequest.read(body)
    const { state, watches } = this.#services
    if (mode === AddWatchMode.persistent) {
      if (!watches.watchPersistently(path, connection)) return
    } else if (mode === AddWatchMode.persistentRecursive) {
      if (!watches.watchRecursively(path, connection)) return
    } else {
      throw new DecodeError(`found watch mode ${mode}, expected 0 or 1`)
    }
    connection.beginReply(xid, state.lastApplied, ErrorCode.ok).int(ErrorCode.ok)
    connection.endReply()
  }

  /** checkWatches and removeWatches: is there such a watch, or was there. */
  checkOrRemove(connection: ClientConnection, opcode: number, xid: number, body: JuteReader): void {
    const { path, type } = WatchTypeRequest.read(body)
    const { state, watches } = this.#services
    const found =
      opcode === OpCode.checkWatches
        ? watches.check(path, connection, type)
        : watches.remove(path, connection, type)
    if (found === undefined) throw new DecodeError(`found watcher type ${type}, expected 1 to 5`)
    connection.reply(xid, state.lastApplied, found ? ErrorCode.ok : ErrorCode.noWatcher)
  }
}

function readLists(opcode: number, body: JuteReader): SetWatches2Request {
  if (opcode === OpCode.setWatches2) return SetWatches2Request.read(body)
  return { ...SetWatchesRequest.read(body), persistentWatches: [], persistentRecursiveWatches: [] }
}
