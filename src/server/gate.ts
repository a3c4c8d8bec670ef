/** Why requests of a connection wait: bits, of which any number may be set. */
export const Gate = {
  /** The handshake is not answered. */
  handshake: 1,
  /** A sync is under way. */
  sync: 2,
  /** The client does not read its replies fast enough. */
  output: 4,
  /** The server has too many writes in flight. */
  room: 8,
  /** Reads of this turn, of this or other connections, have cost enough. */
  turn: 16,
} as const

/** With one of these closed, nothing is read from the socket. */
export const gatesOfReading = Gate.handshake | Gate.output | Gate.room | Gate.turn

/** With one of these closed, no answer may be given: one to a slow reader, or beside writes or reads that wait, may. */
export const gatesOfAnswers = Gate.handshake | Gate.sync
