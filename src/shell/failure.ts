import { parentOf, TransactionError, ZkError } from '../client/index.ts'
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
    const failed = error instanceof TransactionError ? { operation: error.failedIndex + 1 } : {}
    const exitCode = name === 'connectionLoss' ? ExitCode.unreachable : ExitCode.failed
    return { message, json: { error: name, code, path, ...failed, message }, exitCode }
  }
  const text = error instanceof Error ? error.message : String(error)
  const message = commandName === null ? text : `${commandName}: ${text}`
  return { message, json: { error: 'failure', message }, exitCode: ExitCode.failed }
}

function wayOut(error: ZkError, commandName: string | null): string | null {
  const path = error.path ?? '/'
  const command = commandName?.toLowerCase()
  switch (error.name) {
    case 'noNode':
      if (error instanceof TransactionError && error.operation === 'create') {
        return `its parent ${parentOf(path)} is missing: create that first, in the same transaction if you like`
      }
      return command === 'create'
        ? `its parent ${parentOf(path)} is missing: create that first, or use create -p`
        : null
    case 'notEmpty':
      return `use deleteall ${path} to delete it with everything below`
    case 'badVersion':
      return command === 'setacl'
        ? `stat ${path} shows the present aclVersion`
        : `stat ${path} shows the present version`
    case 'nodeExists':
      return `use set ${path} to change its data`
    case 'noChildrenForEphemerals':
      return `${parentOf(path)} is ephemeral`
    case 'noAuth': {
      if (command === 'getacl' || command === 'setacl') return 'addauth proves an identity'
      const deciding = command === 'create' || command === 'delete' ? parentOf(path) : path
      return `getacl ${deciding} shows who may; addauth proves an identity`
    }
    case 'invalidAcl':
      return 'auth needs an identity, see addauth; world takes the id anyone; digest takes user:hash'
    case 'quotaExceeded':
      return 'listquota shows the limits, setquota -N and -B change them'
    case 'unimplemented':
      return command === 'create' || command === 'txn'
        ? 'for a time to live, the servers need extendedTypesEnabled=true in their configuration'
        : 'the server does not know this operation, or has it turned off'
    case 'authFailed':
      return 'the server knows no such scheme, or not this credential'
    case 'connectionLoss':
      return 'is the server running? -s names another one'
    case 'sessionExpired':
      return 'start again for a new session'
    default:
      return null
  }
}
