import { JuteWriter } from '../wire/jute-writer.ts'
import type { RecordSchema } from '../wire/schema.ts'

/** Grown by the largest request so far; each frame is copied out of it in its own size. */
const encoder = new JuteWriter(4096)

/** A whole request frame. The xid of ordinary requests is filled in when they are sent. */
export function encodeRequest<T>(
  opcode: number,
  schema: Pick<RecordSchema<T>, 'write'>,
  body: T,
  xid = 0,
): Buffer {
  encoder.reset()
  const mark = encoder.beginFrame()
  encoder.int(xid).int(opcode)
  schema.write(encoder, body)
  encoder.endFrame(mark)
  return Buffer.from(encoder.view())
}
