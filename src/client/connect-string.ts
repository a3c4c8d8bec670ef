import type { Address } from '../runtime/network.ts'
import { pathFault } from './paths.ts'

/** Where an ensemble is reached, and the folder that is the client's root there (empty: the tree's own root). */
export interface ConnectTarget {
  readonly servers: readonly Address[]
  readonly chroot: string
}

/** A connect string that cannot be understood. The message names the part, what is wrong and what is expected. */
export class ConnectStringError extends Error {
  override name = 'ConnectStringError'
}

export const defaultClientPort = 2181

/**
 * Reads ZooKeeper's connect string: `host:port,host:port/chroot`. The port defaults to 2181; IPv6 literals with a port
 * stand in brackets.
 *
 * @example parseConnectString('a:2181,[::1]:2182/app') // two servers, chroot "/app"
 * @throws ConnectStringError
 */
export function parseConnectString(text: string): ConnectTarget {
  const slash = text.indexOf('/')
  const hosts = slash === -1 ? text : text.slice(0, slash)
  let chroot = slash === -1 ? '' : text.slice(slash)
  if (chroot === '/') chroot = ''
  const fault = chroot === '' ? null : pathFault(chroot)
  if (fault !== null) {
    throw new ConnectStringError(
      `the chroot "${chroot}" in "${text}" ${fault}: expected a path such as /app/team`,
    )
  }
  const servers = hosts
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => parseAddress(part))
  if (servers.length === 0) {
    throw new ConnectStringError(`no server in "${text}": expected host:port[,host:port...][/chroot]`)
  }
  return { servers, chroot }
}

/**
 * Reads one `host`, `host:port`, `[v6]` or `[v6]:port`.
 *
 * @throws ConnectStringError
 */
export function parseAddress(text: string): Address {
  const bracketed = /^\[([^\]]+)\](?::(.*))?$/.exec(text)
  if (bracketed !== null) {
    return { host: bracketed[1] ?? '', port: parsePort(bracketed[2], text) }
  }
  const first = text.indexOf(':')
  if (first === -1) return { host: text, port: defaultClientPort }
  // More than one colon without brackets can only be a bare IPv6 literal.
  if (text.indexOf(':', first + 1) !== -1) return { host: text, port: defaultClientPort }
  const host = text.slice(0, first)
  if (host === '') throw new ConnectStringError(`server "${text}": no host before the ":"`)
  return { host, port: parsePort(text.slice(first + 1), text) }
}

/** As people write it: `host:port`, brackets around IPv6 literals. */
export function formatAddress(address: Address): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}

function parsePort(text: string | undefined, whole: string): number {
  if (text === undefined) return defaultClientPort
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65535) {
    throw new ConnectStringError(`server "${whole}": port "${text}" is not a number from 1 to 65535`)
  }
  return port
}
