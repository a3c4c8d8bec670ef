/** Bytes from outside that do not follow the protocol. The sender is at fault, never this program. */
export class DecodeError extends Error {
  override name = 'DecodeError'
}
