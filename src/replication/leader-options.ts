export interface LeaderOptions {
  self: number
  members: number
  /** Draws the id of an ensemble that is founded. */
  newEnsembleId: () => string
  /** The highest promise that any server has told of. */
  promisedElsewhere: () => number
  /** A follower for which more than this has to be held back is dropped; it comes again when it is faster. */
  heldBytesMax: number
}
