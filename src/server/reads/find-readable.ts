import { mayRead } from '../../tree/acl.ts'
import type { Identities } from '../../tree/identities.ts'
import type { ReplicatedState } from '../../tree/replicated-state.ts'
import type { Znode } from '../../tree/znode.ts'
import { ErrorCode } from '../../wire/error-codes.ts'
import type { JuteReader } from '../../wire/jute-reader.ts'
import type { ClientConnection } from '../client-connection.ts'
import type { Target } from './target.ts'

/** The node that is asked for; undefined when it is missing or not to be read, which the client has then been told. */
export function findReadable(
  state: ReplicatedState,
  target: Target,
  connection: ClientConnection,
  xid: number,
  body: JuteReader,
  identities: Identities,
): Znode | undefined {
  const { tree } = state
  const node = target.find(body, tree)
  if (node === undefined) {
    connection.reply(xid, state.lastApplied, ErrorCode.noNode)
    return undefined
  }
  if (mayRead(tree.acl(node), identities)) return node
  connection.reply(xid, state.lastApplied, ErrorCode.noAuth)
  return undefined
}
