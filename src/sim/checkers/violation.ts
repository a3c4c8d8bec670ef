/** A promise that was broken, as a checker found it in what clients saw or in what servers hold. */
export interface Violation {
  /** The rule, in a few words; the same for every case of it: "linearizability", "one leader per epoch". */
  rule: string
  /** What was found and what was expected, with the operations, servers, zxids and times that show it. */
  problem: string
}
