/** What is left to chance inside one event. A walk draws it; a script and the walk of every interleaving leave it at `noLuck`. */
export interface Luck {
  /** Of so many writes that a server leaves behind with its attempt, how many the disk still performs. */
  written(waiting: number): number
  /** Whether what a follower had sent is lost with its link, instead of being read some time. */
  lostOnTheWay(): boolean
  /** Whether a candidate has heard what that server has promised. */
  hasHeard(): boolean
  /** Null: a history is sent as a difference. Otherwise in full, with so many of its transactions as a snapshot. */
  snapshotOf(transactions: number): number | null
  /** How many of the transactions that are left go into the next message. */
  piece(left: number): number
  /** How many transactions are proposed together. */
  batch(): number
}

export const noLuck: Luck = {
  written: () => 0,
  lostOnTheWay: () => false,
  hasHeard: () => false,
  snapshotOf: () => null,
  piece: (left) => left,
  batch: () => 1,
}
