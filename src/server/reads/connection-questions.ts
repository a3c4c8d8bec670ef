import type { Identities } from '../../tree/identities.ts'
import { ErrorCode } from '../../wire/error-codes.ts'
import type { JuteReader } from '../../wire/jute-reader.ts'
import type { Id } from '../../wire/records.ts'
import { GetEphemeralsRequest, GetEphemeralsResponse, WhoAmIResponse } from '../../wire/requests.ts'
import type { ClientConnection } from '../client-connection.ts'
import type { ClientServices } from '../client-services.ts'

/**
 * Blank, or the root between blanks. ZooKeeper takes every control character for a blank. Two runs of blanks never stand side
 * by side in it: a prefix of a million blanks would be tried with every split of them.
 */
const everything = /^[\0-\x20]*(?:\/[\0-\x20]*)?$/

/** What a client asks about itself. */
export class ConnectionQuestions {
  readonly #services: ClientServices

  constructor(services: ClientServices) {
    this.#services = services
  }

  /** Who the client is. Secrets stay here: of a digest, only the user is told. */
  whoAmI(connection: ClientConnection, xid: number, identities: Identities): void {
    const out = connection.beginReply(xid, this.#services.state.lastApplied, ErrorCode.ok)
    WhoAmIResponse.write(out, {
      clientInfo: identities.list.map((identity) => ({ scheme: identity.scheme, user: userOf(identity) })),
    })
    connection.endReply()
  }

  /** The ephemeral nodes of the client's session. The prefix is mere text: `/a` finds `/ab` too. */
  getEphemerals(connection: ClientConnection, xid: number, body: JuteReader): void {
    const prefix = GetEphemeralsRequest.read(body).prefixPath ?? ''
    const { state } = this.#services
    const all = [...(state.sessions.get(connection.sessionId)?.ephemerals ?? [])]
    const wantsAll = everything.test(prefix)
    const out = connection.beginReply(xid, state.lastApplied, ErrorCode.ok)
    GetEphemeralsResponse.write(out, {
      ephemerals: wantsAll ? all : all.filter((path) => path.startsWith(prefix)),
    })
    connection.endReply()
  }
}

function userOf({ scheme, id }: Id): string {
  if (scheme === 'super' || id === null) return ''
  return scheme === 'digest' ? (id.split(':', 1)[0] ?? '') : id
}
