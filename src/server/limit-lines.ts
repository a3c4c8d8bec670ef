import type { DecodeError } from '../wire/decode-error.ts'
import type { FrameError } from '../wire/frame-splitter.ts'
import { limits } from './limits.ts'

/** Who it is about, in words. */
interface Described {
  readonly sessionId: number
  describe(): string
}

// What is said of a client that has met a limit: who, what was found, what is allowed, and the way out.

export const tooLargeLine = (connection: Described, { found, frameBytesMax }: FrameError): string =>
  `closing ${connection.describe()}: a request is announced with ${found} bytes, jute.maxbuffer is ${frameBytesMax}. ` +
  'Raise jute.maxbuffer on all servers and clients, or store less in one node.'

export function malformedLine(connection: Described, { message }: DecodeError): string {
  const advice =
    connection.sessionId === 0
      ? "What came is not ZooKeeper's protocol in plain text; see what connects to this port."
      : 'Its client has broken the protocol in an open session; see which program it is.'
  return `closing ${connection.describe()}: ${message}. ${advice}`
}

export const noRoomLine = (
  connection: Described,
  inFlight: { readonly count: number; readonly bytes: number },
  outstandingMax: number,
): string =>
  `reading from ${connection.describe()} pauses: ${inFlight.count} requests of ${inFlight.bytes} bytes wait for the leader, ` +
  `globalOutstandingLimit is ${outstandingMax} (and ${limits.inFlightBytesMax} bytes). ` +
  'The disks or the network of the ensemble are too slow for this load: send less at once, or raise globalOutstandingLimit.'

export const outstandingLine = (
  connection: Described,
  order: { readonly outstanding: number; readonly waitingBytes: number },
  bytesMax: number,
): string =>
  `reading from ${connection.describe()} pauses: ${order.outstanding} of its requests are not answered, ${order.waitingBytes} bytes wait ` +
  `(${limits.connectionOutstandingMax} and ${bytesMax} are allowed). It goes on by itself; the client may send fewer at once.`

export const slowReaderLine = (connection: Described, bufferedBytes: number, allBytes: number): string =>
  `closing ${connection.describe()}: it does not read what it is sent, ${bufferedBytes} bytes wait for it ` +
  `(above ${limits.outputHighBytes} it is not served, above ${limits.outputMaxBytes} closed at once), ` +
  `and ${allBytes} for all such clients (${limits.unsentBytesMax} are allowed). ` +
  'The client is stuck, or asks for and watches more than it can take in.'
