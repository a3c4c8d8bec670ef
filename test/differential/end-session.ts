import { OpCode } from '../../src/wire/opcodes.ts'
import { Connection } from './connection.ts'
import { Bytes, connectFrame } from './encode.ts'

const timeoutMs = 20_000

/** Attaches to a session, or to a new one, and closes it. False if the server does not serve. */
export async function endSession(port: number, sessionId: bigint, password: Buffer): Promise<boolean> {
  const connection = await Connection.dial(port)
  connection.write(connectFrame({ lastZxid: 0n, timeoutMs: 30_000, sessionId, password, readOnly: 'no' }))
  await connection.until((frames) => frames.length > 0, timeoutMs)
  const answered = connection.take().length > 0
  connection.write(new Bytes().int(1).int(OpCode.closeSession).frame())
  const ended = await connection.until(() => false, timeoutMs)
  connection.hangUp()
  return answered && ended
}
