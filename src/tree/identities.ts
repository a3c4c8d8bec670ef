import { DecodeError } from '../wire/decode-error.ts'
import { JuteReader } from '../wire/jute-reader.ts'
import { JuteWriter } from '../wire/jute-writer.ts'
import { Id } from '../wire/records.ts'
import { ipText, parseIp } from './ip-pattern.ts'

/** In the first byte of the encoded form: no list restricts who has these identities. */
const unrestrictedFlag = 0x80
const addressBytesMask = 0x1f

/**
 * Who a client is: the address that it comes from, and whatever it has authenticated as. Never changed after it was made;
 * a connection gets another one when it authenticates.
 *
 * Every write carries it to the leader, so it is encoded once per connection, in few bytes, and read there only when
 * a list has to be looked at:
 *
 *     flags     1 byte: 0x80 unrestricted, and how many bytes of address follow (0, 4 or 16)
 *     address
 *     others    { scheme s, id s } up to the end
 */
export class Identities {
  /** In the order in which they came, the address among them. */
  readonly list: readonly Id[]
  /** Every list permits everything: the super user, or a server that is told not to look at lists. */
  readonly unrestricted: boolean
  readonly bytes: Buffer

  private constructor(list: readonly Id[], unrestricted: boolean, bytes: Buffer) {
    this.list = list
    this.unrestricted = unrestricted
    this.bytes = bytes
  }

  static of(list: readonly Id[], unrestricted = list.some((id) => id.scheme === 'super')): Identities {
    return new Identities(list, unrestricted, encode(list, unrestricted))
  }

  /** Of somebody at that address. One that is no IP address identifies nobody. */
  static at(host: string, unrestricted = false): Identities {
    // What stands behind a % is this machine's name of a network card.
    const address = parseIp(host.split('%', 1)[0] ?? '')
    return Identities.of(address === null ? [] : [{ scheme: 'ip', id: ipText(address) }], unrestricted)
  }

  /** Throws DecodeError. */
  static decode(bytes: Buffer): Identities {
    if (bytes.length === 0) throw new DecodeError('found no identities')
    const flags = bytes[0] as number
    const addressEnd = 1 + (flags & addressBytesMask)
    if (bytes.length < addressEnd) throw new DecodeError('the address of an identity is cut off')
    const list: Id[] = []
    if (addressEnd > 1) list.push({ scheme: 'ip', id: ipText(bytes.subarray(1, addressEnd)) })
    const reader = new JuteReader(bytes, addressEnd)
    while (reader.remaining > 0) list.push(Id.read(reader))
    return new Identities(list, (flags & unrestrictedFlag) !== 0, bytes)
  }

  has(id: Id): boolean {
    return this.list.some((known) => known.scheme === id.scheme && known.id === id.id)
  }

  /** These and another one; the same when it is among them. */
  with(id: Id): Identities {
    if (this.has(id)) return this
    return Identities.of([...this.list, id], this.unrestricted || id.scheme === 'super')
  }
}

export const noIdentities = Identities.of([])

function encode(list: readonly Id[], unrestricted: boolean): Buffer {
  const ip = list[0]?.scheme === 'ip' ? parseIp(list[0].id ?? '') : null
  const writer = new JuteWriter(64)
  writer.raw(Uint8Array.of((unrestricted ? unrestrictedFlag : 0) | (ip?.length ?? 0)))
  if (ip !== null) writer.raw(ip)
  for (const id of ip === null ? list : list.slice(1)) Id.write(writer, id)
  return Buffer.from(writer.view())
}
