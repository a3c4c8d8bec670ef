/** A target fell silent or closed the keeper's connection: there is nothing to compare. */
export class TargetFailure extends Error {
  override name = 'TargetFailure'
  /** 0 for ZooKeeper's side. */
  readonly side: 0 | 1

  constructor(side: 0 | 1, target: string, cause: unknown) {
    super(`${target}: ${String(cause)}`, { cause })
    this.side = side
  }
}
