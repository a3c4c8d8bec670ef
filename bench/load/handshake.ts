import { encodeRequest } from '../../src/client/encode-request.ts'
import { JuteWriter } from '../../src/wire/jute-writer.ts'
import { OpCode } from '../../src/wire/opcodes.ts'
import { ConnectRequest } from '../../src/wire/records.ts'
import { Empty } from '../../src/wire/requests.ts'

const sessionTimeoutMs = 30_000
const passwordBytes = 16
const lastXid = 0x7fffffff

/** What a plain client says first, to get a new session. */
export function encodeConnect(): Buffer {
  const writer = new JuteWriter(64)
  const mark = writer.beginFrame()
  ConnectRequest.write(writer, {
    protocolVersion: 0,
    lastZxidSeen: 0,
    timeoutMs: sessionTimeoutMs,
    sessionId: 0n,
    password: Buffer.alloc(passwordBytes),
    readOnly: false,
    exactlyOnceWindow: undefined,
  })
  writer.endFrame(mark)
  return writer.take()
}

/** The last request of a session. */
export function endOfSession(): Buffer {
  return encodeRequest(OpCode.closeSession, Empty, {}, lastXid)
}
