/** Errors that nobody catches go to `call` rather than end the process. Gives the way to end that. */
export function catchUncaught(call: (what: string, error: unknown) => void): () => void {
  const onRejection = (error: unknown): void => call('unhandled rejection', error)
  const onException = (error: unknown): void => call('uncaught exception', error)
  process.on('unhandledRejection', onRejection)
  process.on('uncaughtException', onException)
  return () => {
    process.off('unhandledRejection', onRejection)
    process.off('uncaughtException', onException)
  }
}
