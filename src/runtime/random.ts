/** The only source of chance. In the simulator it is seeded, so a run can be repeated. */
export interface Random {
  /** A whole number from 0 to `bound` - 1; `bound` is 1 to 2^32. */
  below(bound: number): number
  /** `count` fresh bytes, unguessable in production. */
  bytes(count: number): Buffer
}
