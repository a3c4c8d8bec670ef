import { parentOf, ZkError } from '../client/index.ts'
import { UsageError } from './command.ts'

export const ExitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
} as const

/** What went wrong, for people and for programs. */
export interface Failure {
  readonly message: string
  readonly json: Readonly<Record<string, unknown>>
  readonly exitCode: number
}

/** One clear line: what failed, on what, and the way out where there is one. */
export function describeFailure(error: unknown, commandName: string | null): Failure {
  if (error instanceof UsageError) {
    const { message } = error
    return { message, json: { error: 'usage', message }, exitCode: ExitCode.usage }
  }
  if (error instanceof ZkError) {
    const hint = wayOut(error, commandName)
    const prefix = commandName === null ? '' : error.path === null ? `${commandName}: ` : `${commandName} `
    const message = `${prefix}${error.message}${hint === null ? '' : ` (${hint})`}`
    const { name, code, path } = error
    const exitCode = name === 'connectionLoss' ? ExitCode.unreachable : ExitCode.failed
    return { message, json: { error: name, code, path, message }, exitCode }
  }
  const text = error instanceof Error ? error.message : String(error)
  const message = commandName === null ? text : `${commandName}: ${text}`
  return { message, json: { error: 'failure', message }, exitCode: ExitCode.failed }
}

function wayOut(error: ZkError, commandName: string | null): string | null {
  const path = error.path ?? '/'
  switch (error.name) {
    case 'noNode':
      return commandName === 'create'
        ? `its parent ${parentOf(path)} is missing: create that first, or use create -p`
        : null
    case 'notEmpty':
      return `use deleteall ${path} to delete it with everything below`
    case 'badVersion':
      return `stat ${path} shows the present version`
    case 'nodeExists':
      return `use set ${path} to change its data`
    case 'noChildrenForEphemerals':
      return `${parentOf(path)} is ephemeral`
    case 'connectionLoss':
      return 'is the server running? -s names another one'
    case 'sessionExpired':
      return 'start again for a new session'
    default:
      return null
  }
}
