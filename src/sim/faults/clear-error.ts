import type { ServerConfig } from '../../server/config/server-config.ts'
import { describeStartFailure } from '../../server/start-failure.ts'
import { StorageError } from '../../storage/storage-error.ts'

/** A server that stopped by itself. */
export interface ServerStop {
  readonly id: number
  readonly error: unknown
  /** What it was started with. */
  readonly config: ServerConfig
}

/**
 * What is missing from the text that the operator of a stopped server reads; null when it names what was found, what was
 * expected and the way out.
 */
export function unclearIn({ error, config }: ServerStop): string | null {
  const text = describeStartFailure(error, config)
  for (const [what, pattern] of demandsOn(error)) {
    if (!pattern.test(text)) return `the message does not name ${what}: ${text}`
  }
  return null
}

type Demand = readonly [what: string, pattern: RegExp]

function demandsOn(error: unknown): readonly Demand[] {
  if (!(error instanceof StorageError)) return [['what to do', /Check|Stop/]]
  const wayOut: Demand = ['the way out', /Way out: \S/]
  const place: Demand = ['the file or folder', /\/data\/\d+/]
  switch (error.code) {
    case 'DAMAGED':
      return [place, ['what was found', /found \S/], ['what was expected', /expected \S/], wayOut]
    case 'IO':
      return [['what failed', /\S+ failed: \S/], place, wayOut]
    default:
      return [place, ['what was expected', /expected \S|belongs to/], wayOut]
  }
}
