import type { Hello } from './messages.ts'

/** Who this server is, as it says on every new connection. */
export interface Identity {
  serverId: number
  /** All server ids of the configuration, ascending. */
  members: readonly number[]
  ensembleId: string | null
  founded: boolean
}

/** Raised to the operator: this server and the others do not belong together. */
export class StrangerError extends Error {
  override name = 'StrangerError'
}

export function helloTo(identity: Identity, to: number): Hello {
  return {
    type: 'hello',
    from: identity.serverId,
    to,
    members: [...identity.members],
    ensembleId: identity.ensembleId,
    founded: identity.founded,
  }
}

/** Null when the other side is who it should be; otherwise what is wrong, for the log. */
export function helloProblem(identity: Identity, hello: Hello): string | null {
  if (hello.to !== identity.serverId) {
    return `server ${hello.from} meant to reach server ${hello.to}, this is server ${identity.serverId}: compare the configuration files`
  }
  if (!identity.members.includes(hello.from) || hello.from === identity.serverId) {
    return `server ${hello.from} is not another server of this configuration (${identity.members.join(', ')})`
  }
  if (hello.members.join() !== identity.members.join()) {
    return `server ${hello.from} is configured with servers ${hello.members.join(', ')}, this one with ${identity.members.join(', ')}: all must have the same`
  }
  if (isStranger(identity, hello)) {
    return `server ${hello.from} belongs to ensemble ${hello.ensembleId}, this one to ${identity.ensembleId}`
  }
  return null
}

/** Both belong to founded ensembles, but to different ones. */
export function isStranger(identity: Identity, hello: Hello): boolean {
  return identity.founded && hello.founded && identity.ensembleId !== hello.ensembleId
}

/** For the operator, of whom `isStranger` is true. */
export function strangerAdvice(identity: Identity, hello: Hello): string {
  return (
    `server ${hello.from} belongs to ensemble ${hello.ensembleId}, the data directory of server ${identity.serverId} to ensemble ${identity.ensembleId}: ` +
    'if this server was moved here, empty its data directory; if the other one was, empty that'
  )
}
