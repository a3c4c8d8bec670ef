/** A rule of the code itself is broken. It is never caught and carried on from: the server stops. */
export class BrokenInvariant extends Error {
  override name = 'BrokenInvariant'
}

/** Stays on in production. `message` names the rule, with the values at hand. */
export function assert(condition: boolean, message: string | (() => string)): asserts condition {
  if (!condition) throw new BrokenInvariant(typeof message === 'string' ? message : message())
}

/** For a branch that the types say cannot be reached. */
export function unreachable(value: never): never {
  throw new BrokenInvariant(`unreachable case: ${JSON.stringify(value)}`)
}
