import { BrokenInvariant } from '../runtime/assert.ts'
import { codeOf } from '../runtime/coded-error.ts'
import { bracketed, type ServerConfig } from './config/server-config.ts'

/** Why a server did not start or go on, as the person who runs it should read it. */
export function describeStartFailure(error: unknown, config: ServerConfig): string {
  const code = codeOf(error)
  if (code === 'EADDRINUSE') {
    return `${portOf(error, config)} is in use: another program listens there. Stop it, or choose another port in the configuration.`
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return `${portOf(error, config)} cannot be opened: this machine has no such address. Check the host of server ${config.serverId} in the configuration.`
  }
  if (code === 'EACCES' && portNumberOf(error) !== null) {
    return `${portOf(error, config)} cannot be opened: not permitted (ports below 1024 need more rights).`
  }
  if (error instanceof BrokenInvariant) return `broken invariant: ${error.stack ?? error.message}`
  return error instanceof Error ? error.message : String(error)
}

function portNumberOf(error: unknown): number | null {
  if (!(error instanceof Error)) return null
  if ('port' in error && typeof error.port === 'number') return error.port
  const told = /:(\d{1,5})\b/.exec(error.message)?.[1]
  return told === undefined ? null : Number(told)
}

function portOf(error: unknown, config: ServerConfig): string {
  const port = portNumberOf(error)
  const own = config.servers.find((server) => server.id === config.serverId)
  if (port === null || own === undefined)
    return error instanceof Error ? `a port (${error.message})` : 'a port'
  if (port === config.clientPort) return `client port ${bracketed(config.clientHost)}:${port}`
  const kind = port === own.peerPort ? 'peer port' : port === own.leaderPort ? 'leader port' : 'port'
  return `${kind} ${bracketed(own.host)}:${port}`
}
