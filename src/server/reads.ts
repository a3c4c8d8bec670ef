import { masked, permits } from '../tree/acl.ts'
import { openAcl } from '../tree/acl-table.ts'
import type { Identities } from '../tree/identities.ts'
import type { Tree } from '../tree/tree.ts'
import type { Znode } from '../tree/znode.ts'
import { DecodeError } from '../wire/decode-error.ts'
import { ErrorCode } from '../wire/error-codes.ts'
import { JuteReader } from '../wire/jute-reader.ts'
import type { JuteWriter } from '../wire/jute-writer.ts'
import { Permission } from '../wire/node-flags.ts'
import { OpCode, SpecialXid } from '../wire/opcodes.ts'
import { acls } from '../wire/records.ts'
import { SetWatchesRequest } from '../wire/requests.ts'
import type { ClientConnection } from './client-connection.ts'
import type { ClientServices } from './client-services.ts'
import { isWrite, requestHeaderBytes } from './requests.ts'

/** What this server answers from its own state: reads, watches, pings, and all that it cannot do. */
export class Reads {
  readonly #services: ClientServices
  readonly #reader = new JuteReader()
  // What the present request asks for: a path, as the range of its bytes, and whether a watch is to stay.
  #pathStart = 0
  #pathEnd = 0
  #watch = false

  constructor(services: ClientServices) {
    this.#services = services
  }

  /** Answers the request in `frame`, whose turn has come. */
  answer(connection: ClientConnection, opcode: number, frame: Buffer, identities: Identities): void {
    const xid = frame.readInt32BE(0)
    const body = this.#reader.reset(frame, requestHeaderBytes)
    this.#services.metrics.latencyMs.record(0)
    try {
      switch (opcode) {
        case OpCode.getData:
          return this.#getData(connection, xid, body, identities)
        case OpCode.exists:
          return this.#exists(connection, xid, body, identities)
        case OpCode.getChildren:
        case OpCode.getChildren2:
          return this.#getChildren(connection, opcode, xid, body, identities)
        case OpCode.ping:
          return this.answerError(connection, SpecialXid.ping, ErrorCode.ok)
        case OpCode.getAcl:
          return this.#getAcl(connection, xid, body, identities)
        case OpCode.setWatches:
          return this.#setWatches(connection, xid, body)
        default:
          return this.#refuse(connection, opcode, xid)
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      this.#services.metrics.undecodableRequests++
      this.answerError(connection, xid, ErrorCode.marshallingError)
    }
  }

  /** A reply that is only a header, with the zxid of now. */
  answerError(connection: ClientConnection, xid: number, error: number): void {
    connection.beginReply(xid, this.#services.state.lastApplied, error)
    connection.endReply()
  }

  #getData(connection: ClientConnection, xid: number, body: JuteReader, identities: Identities): void {
    this.#readTarget(body)
    const { tree } = this.#services.state
    const node = this.#find(body)
    if (node === undefined) return this.answerError(connection, xid, ErrorCode.noNode)
    if (!mayRead(tree, node, identities)) return this.answerError(connection, xid, ErrorCode.noAuth)
    if (this.#watch) this.#services.watches.data.add(this.#path(body), connection)
    const out = this.#begin(connection, xid).buffer(tree.data(node))
    tree.writeStat(node, out)
    connection.endReply()
  }

  /** The watch stays also when there is no such node: its creation fires it. */
  #exists(connection: ClientConnection, xid: number, body: JuteReader, identities: Identities): void {
    this.#readTarget(body)
    const { tree } = this.#services.state
    const node = this.#find(body)
    if (node === undefined && this.#path(body).includes('\0')) {
      return this.answerError(connection, xid, ErrorCode.badArguments)
    }
    if (node !== undefined && !mayRead(tree, node, identities)) {
      return this.answerError(connection, xid, ErrorCode.noAuth)
    }
    if (this.#watch) this.#services.watches.data.add(this.#path(body), connection)
    if (node === undefined) return this.answerError(connection, xid, ErrorCode.noNode)
    tree.writeStat(node, this.#begin(connection, xid))
    connection.endReply()
  }

  #getChildren(
    connection: ClientConnection,
    opcode: number,
    xid: number,
    body: JuteReader,
    identities: Identities,
  ): void {
    this.#readTarget(body)
    const { tree } = this.#services.state
    const node = this.#find(body)
    if (node === undefined) return this.answerError(connection, xid, ErrorCode.noNode)
    if (!mayRead(tree, node, identities)) return this.answerError(connection, xid, ErrorCode.noAuth)
    if (this.#watch) this.#services.watches.child.add(this.#path(body), connection)
    const out = this.#begin(connection, xid).int(tree.childCount(node))
    for (const name of tree.childNames(node)) out.string(name)
    if (opcode === OpCode.getChildren2) tree.writeStat(node, out)
    connection.endReply()
  }

  #getAcl(connection: ClientConnection, xid: number, body: JuteReader, identities: Identities): void {
    const path = body.text()
    const { tree } = this.#services.state
    const node = tree.find(path)
    if (node === undefined) return this.answerError(connection, xid, ErrorCode.noNode)
    const { entries } = tree.acl(node)
    if (!permits(entries, Permission.read | Permission.admin, identities)) {
      return this.answerError(connection, xid, ErrorCode.noAuth)
    }
    const out = this.#begin(connection, xid)
    acls.write(out, masked(entries, identities))
    tree.writeStat(node, out)
    connection.endReply()
  }

  /** What a client watched on its connection before. Events for what it missed leave ahead of the reply. */
  #setWatches(connection: ClientConnection, xid: number, body: JuteReader): void {
    const { relativeZxid, dataWatches, existWatches, childWatches } = SetWatchesRequest.read(body)
    const old = {
      relativeZxid,
      data: pathsOf(dataWatches),
      exist: pathsOf(existWatches),
      child: pathsOf(childWatches),
    }
    this.#services.watches.restore(connection, old, this.#services.state.tree)
    this.answerError(connection, xid, ErrorCode.ok)
  }

  #readTarget(body: JuteReader): void {
    const length = body.lengthPrefix()
    if (length < 0) throw new DecodeError('found a null path')
    this.#pathStart = body.position
    this.#pathEnd = this.#pathStart + length
    body.skip(length)
    this.#watch = body.bool()
  }

  #find(body: JuteReader): Znode | undefined {
    return this.#services.state.tree.findBytes(body.bytes, this.#pathStart, this.#pathEnd)
  }

  /** As the client wrote it: events carry the same. */
  #path(body: JuteReader): string {
    return body.bytes.toString('utf8', this.#pathStart, this.#pathEnd)
  }

  #refuse(connection: ClientConnection, opcode: number, xid: number): void {
    const { metrics } = this.#services
    // Those that can be decoded are not brought here.
    if (isWrite(opcode)) {
      metrics.undecodableRequests++
      this.answerError(connection, xid, ErrorCode.marshallingError)
      return
    }
    metrics.unimplementedRequests++
    connection.beginReply(xid, -1, ErrorCode.unimplemented)
    connection.endReply()
  }

  #begin(connection: ClientConnection, xid: number): JuteWriter {
    return connection.beginReply(xid, this.#services.state.lastApplied, ErrorCode.ok)
  }
}

function mayRead(tree: Tree, node: Znode, identities: Identities): boolean {
  const acl = tree.acl(node)
  return acl === openAcl || permits(acl.entries, Permission.read, identities)
}

function pathsOf(paths: readonly (string | null)[] | null): readonly string[] {
  if (paths === null) throw new DecodeError('found no list of paths')
  return paths.map((path) => {
    if (path === null) throw new DecodeError('found a null path')
    return path
  })
}
