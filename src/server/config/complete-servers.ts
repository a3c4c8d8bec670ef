import type { Findings, Place } from './config-error.ts'
import { type Draft, readHost, type ServerDraft, serverIdMax, serverIdMin } from './draft.ts'
import type { SettingsRead } from './read-settings.ts'
import type { ServerAddress } from './server-config.ts'

/** Which server of the file this process is. */
export function findOwnId(
  draft: Draft,
  asked: number | 'first' | undefined,
  whole: Place,
  findings: Findings,
): number {
  const ids = draft.servers.map((server) => server.id)
  const given = asked === 'first' ? ids[0] : asked
  if (given !== undefined && (!Number.isInteger(given) || given < serverIdMin || given > serverIdMax)) {
    findings.problem(whole, `server id ${given}`, `a whole number from ${serverIdMin} to ${serverIdMax}`)
  } else if (draft.whole && asked === undefined && ids.length > 1) {
    const expected = `an id (${ids.join(', ')}) on the command line or in dataDir/myid`
    findings.problem(whole, 'no word on which server this is', expected)
  } else if (draft.whole && given !== undefined && ids.length > 0 && !ids.includes(given)) {
    findings.problem(whole, `no server ${given}`, `an id that the file has: ${ids.join(', ')}`)
  }
  return given ?? ids[0] ?? standaloneId
}

/** A zoo.cfg without server lines names no id. */
const standaloneId = 1

export type Located = ServerAddress & { readonly place: Place }

/** In a table, every server listens for clients on its own host, unless all are told an address. */
export function completeTable(draft: Draft, read: SettingsRead, findings: Findings): Located[] {
  const portPlace = read.given.get('clientPort')
  if (portPlace !== undefined) {
    findings.problem(portPlace, 'clientPort', "client ports only in the servers' lines, third field")
  }
  const clientHost = readClientHost(read, findings)
  return draft.servers.map((server) => ({ ...server, clientHost: clientHost ?? server.host }))
}

/** In a zoo.cfg, clientPort and clientPortAddress speak of this server alone. */
export function completeZoo(
  draft: Draft,
  ownId: number,
  read: SettingsRead,
  whole: Place,
  findings: Findings,
): Located[] {
  const clientHost = readClientHost(read, findings)
  const port = read.values.clientPort
  const own = draft.servers.find((server) => server.id === ownId)
  const needed = own === undefined ? draft.whole && draft.servers.length === 0 : own.clientPort === null
  if (needed && !read.given.has('clientPort')) {
    const orBehind = own === undefined ? '' : ' or ";2181" behind the server line'
    findings.problem(whole, 'no clientPort', `a line "clientPort=2181"${orBehind}`)
  }
  if (draft.servers.length === 0) {
    const place = read.places.get('clientPort') ?? whole
    return [
      {
        id: ownId,
        host: '127.0.0.1',
        clientPort: port,
        clientHost: clientHost ?? anyHost,
        peerPort: 0,
        leaderPort: 0,
        place,
      },
    ]
  }
  return draft.servers.map((server) => {
    if (server.id !== ownId) {
      return server.clientPort === null ? server : { ...server, clientHost: server.clientHost ?? anyHost }
    }
    checkAgreement(server, port, read, findings)
    return {
      ...server,
      clientPort: server.clientPort ?? port,
      clientHost: server.clientHost ?? clientHost ?? anyHost,
    }
  })
}

const anyHost = '0.0.0.0'

function checkAgreement(own: ServerDraft, port: number | null, read: SettingsRead, findings: Findings): void {
  const place = read.places.get('clientPort')
  if (place === undefined || own.clientPort === null || own.clientPort === port) return
  findings.problem(
    place,
    `clientPort ${port}`,
    `${own.clientPort}, as server ${own.id}'s line ${own.place.line} says`,
  )
}

function readClientHost(read: SettingsRead, findings: Findings): string | null {
  const place = read.places.get('clientPortAddress')
  const text = read.values.clientPortAddress
  return place === undefined || text === null ? null : readHost(text, 'clientPortAddress', place, findings)
}

export function withoutPlace({
  id,
  host,
  clientPort,
  clientHost,
  peerPort,
  leaderPort,
}: Located): ServerAddress {
  return { id, host, clientPort, clientHost, peerPort, leaderPort }
}
