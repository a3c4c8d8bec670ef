export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>

/** Where a program says what it does. Never called per request. */
export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** The same log, naming the part that speaks. */
  child(part: string): Log
}

/** Swallows everything: for tests and for programs that only use the client library. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
}
