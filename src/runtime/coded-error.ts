/** An error with a `code`, as Node's own system errors have (ECONNREFUSED, ENOENT, ...). */
export class CodedError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.name = 'CodedError'
    this.code = code
  }
}

/** The `code` of a system error, or undefined for anything else. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
