import { describe, expect, test } from 'vitest'
import { Identities } from '../../src/tree/identities.ts'
import { encodeRequest, RequestEnvelope, readEnvelope } from '../../src/tree/request.ts'
import { JuteReader } from '../../src/wire/jute-reader.ts'
import { JuteWriter } from '../../src/wire/jute-writer.ts'

const lengthBytes = 4

function requestOf(identities: Identities): Buffer {
  const writer = new JuteWriter(64)
  encodeRequest(writer, Object.assign(new RequestEnvelope(), { identities }), Buffer.alloc(0), 0, 0)
  return writer.take()
}

describe('a request on its way to the leader', () => {
  test('several of one client in a row -> who asks is decoded once; another client between them -> each is its own', () => {
    const [one, other] = [
      Identities.at('10.0.0.1'),
      Identities.at('10.0.0.2').with({ scheme: 'digest', id: 'u:h' }),
    ]
    const envelope = new RequestEnvelope()
    const askedBy = (identities: Identities): Identities => {
      const bytes = requestOf(identities)
      readEnvelope(new JuteReader(bytes, lengthBytes), envelope)
      const found = envelope.identities
      // The bytes that came are overwritten by what comes next.
      bytes.fill(0xff)
      return found
    }
    const first = askedBy(one)
    expect(askedBy(one)).toBe(first)
    expect(askedBy(other).list).toEqual(other.list)
    expect(askedBy(one).list).toEqual(one.list)
    expect(first.list).toEqual(one.list)
  })
})
