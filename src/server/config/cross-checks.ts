import type { Findings, Place } from './config-error.ts'
import type { SettingsRead } from './read-settings.ts'
import type { ServerAddress } from './server-config.ts'

/** No two ports of the ensemble may meet on one machine. */
export function checkPorts(servers: readonly (ServerAddress & { place: Place })[], findings: Findings): void {
  const taken = new Map<string, string>()
  for (const server of servers) {
    const ports = [
      ['client', server.clientPort],
      ['peer', server.peerPort],
      ['leader', server.leaderPort],
    ] as const
    for (const [kind, port] of ports) {
      if (port === null || port === 0) continue
      const key = `${machineOf(server.host)}:${port}`
      const owner = taken.get(key)
      const name = `server ${server.id}'s ${kind} port`
      if (owner === undefined) taken.set(key, name)
      else
        findings.problem(
          server.place,
          `${name} ${port}`,
          `a port that is free on ${server.host}: it is ${owner}`,
        )
    }
  }
}

function machineOf(host: string): string {
  const lower = host.toLowerCase()
  return lower === 'localhost' || lower === '::1' ? '127.0.0.1' : lower
}

/** Settings that are sound alone and not together. */
export function checkRelations({ values, places }: SettingsRead, findings: Findings): void {
  const minMs = values.minSessionTimeout ?? 2 * values.tickTime
  const maxMs = values.maxSessionTimeout ?? 20 * values.tickTime
  const timeoutPlace = places.get('minSessionTimeout') ?? places.get('maxSessionTimeout')
  if (minMs > maxMs && timeoutPlace !== undefined) {
    findings.problem(
      timeoutPlace,
      `minSessionTimeout ${minMs} ms with maxSessionTimeout ${maxMs} ms`,
      'a minimum that is not above the maximum',
    )
  }
  const heartbeatPlace = places.get('peerTimeout') ?? places.get('heartbeat')
  if (values.peerTimeout < 2 * values.heartbeat && heartbeatPlace !== undefined) {
    // A single late heartbeat would count as a failure, and the ensemble would elect all day.
    findings.problem(
      heartbeatPlace,
      `peerTimeout ${values.peerTimeout} ms with heartbeat ${values.heartbeat} ms`,
      'a peerTimeout of at least twice the heartbeat',
    )
  }
}
