import { dirname, resolve } from 'node:path'
import { assert } from '../../runtime/assert.ts'
import { readAccess } from './access-settings.ts'
import { completeTable, completeZoo, findOwnId, withoutPlace } from './complete-servers.ts'
import { Findings, type Place } from './config-error.ts'
import { checkPorts, checkRelations } from './cross-checks.ts'
import type { Draft, Entry } from './draft.ts'
import { readFourLetterWords } from './four-letter-words.ts'
import { readSettings } from './read-settings.ts'
import { describeMembership, type ServerConfig } from './server-config.ts'
import { readTable } from './table-config.ts'
import { hasServerKeys, readProperties, readZooCfg } from './zoo-cfg.ts'

export interface ParseOptions {
  /**
   * Which server of the file this is: from the command line, or from the file `myid`. `first` for a program that wants to
   * know about all of them.
   */
  readonly serverId?: number | 'first'
  /** The text of the file that `dynamicConfigFile` names. */
  readonly dynamic?: { readonly text: string; readonly file: string }
}

export interface ParsedConfig {
  readonly config: ServerConfig
  /** One line each, with file and line number. */
  readonly warnings: readonly string[]
}

/**
 * Reads a configuration, in the table format or as a zoo.cfg, whichever the text is.
 *
 * `file` is the path of the text: messages name it, and dataDir is relative to its folder.
 * Throws ConfigError with everything that is wrong.
 */
export function parseConfig(text: string, file: string, options: ParseOptions = {}): ParsedConfig {
  const format = formatOf(text, file)
  const findings = new Findings()
  const whole: Place = { file, line: null }
  const draft = format === 'zoo' ? readZoo(text, file, options, findings) : readTable(text, file, findings)
  const read = readSettings(draft.entries, format, findings)
  const { values } = read

  const ownId = findOwnId(draft, options.serverId, whole, findings)
  const servers =
    format === 'zoo' ? completeZoo(draft, ownId, read, whole, findings) : completeTable(draft, read, findings)
  checkPorts(servers, findings)
  checkRelations(read, findings)
  if (!read.given.has('dataDir')) {
    findings.problem(whole, 'no dataDir', 'a line "dataDir=<folder>", where the data is to be kept')
  }
  const fourLetterWords = readFourLetterWords(
    values['4lw.commands.whitelist'],
    read.places.get('4lw.commands.whitelist') ?? whole,
    findings,
  )
  const access = readAccess(read, findings)
  if (servers.length > 0 && servers.length % 2 === 0) {
    findings.warn(whole, `${servers.length} servers survive no more failures than ${servers.length - 1}`)
  }
  findings.throwIfAny()

  const own = servers.find((server) => server.id === ownId)
  assert(own !== undefined && own.clientPort !== null, `${file}: an own server is missing and nobody noticed`)
  const standalone = servers.length === 1 && values.standaloneEnabled
  const dataDir = resolve(dirname(file), values.dataDir ?? '')
  const config: ServerConfig = {
    serverId: own.id,
    servers: servers.map(withoutPlace),
    standalone,
    membership: standalone ? '' : describeMembership(format === 'zoo' ? draft.servers : servers),
    format,
    dataDir,
    serverDir: format === 'zoo' ? dataDir : resolve(dataDir, String(own.id)),
    clientPort: own.clientPort,
    clientHost: own.clientHost ?? own.host,
    tickTimeMs: values.tickTime,
    initLimitTicks: values.initLimit,
    syncLimitTicks: values.syncLimit,
    minSessionTimeoutMs: values.minSessionTimeout ?? 2 * values.tickTime,
    maxSessionTimeoutMs: values.maxSessionTimeout ?? 20 * values.tickTime,
    maxClientCnxns: values.maxClientCnxns,
    maxCnxns: values.maxCnxns,
    sessionlessCnxnTimeoutMs: values['nio.sessionlessCnxnTimeout'],
    globalOutstandingLimit: values.globalOutstandingLimit,
    snapCount: values.snapCount,
    juteMaxBuffer: values['jute.maxbuffer'],
    extendedTypesEnabled: values.extendedTypesEnabled,
    reapIntervalMs: values['znode.container.checkIntervalMs'],
    reapedPerMinuteMax: values['znode.container.maxPerMinute'],
    neverUsedContainerMs: values['znode.container.maxNeverUsedIntervalMs'],
    fourLetterWords,
    access,
    enforceQuota: values.enforceQuota,
    heartbeatMs: values.heartbeat,
    peerTimeoutMs: values.peerTimeout,
    leaderPreemption: values.leaderPreemption,
    replication: values.replication,
    resync: values.resync,
  }
  return { config, warnings: findings.warnings }
}

/** The format of a configuration: the servers say it; without any, the settings; without those, the file's name. */
function formatOf(text: string, file: string): 'table' | 'zoo' {
  const entries = readProperties(text, file, new Findings())
  if (hasServerKeys(entries)) return 'zoo'
  const hasRow = text.split(/\r?\n/).some((line) => /^\s*\d+\s/.test(line))
  if (hasRow) return 'table'
  const telling = ['clientPort', 'secureClientPort', 'dynamicConfigFile']
  return entries.some((entry) => telling.includes(entry.key)) || file.endsWith('.cfg') ? 'zoo' : 'table'
}

function readZoo(text: string, file: string, options: ParseOptions, findings: Findings): Draft {
  const draft = readZooCfg(text, file, findings)
  const pointer = draft.entries.findLast((entry) => entry.key === 'dynamicConfigFile')
  if (pointer === undefined || options.dynamic === undefined) return draft
  const dynamic = readZooCfg(options.dynamic.text, options.dynamic.file, findings)
  const strays = dynamic.entries.filter((entry) => entry.key !== 'version')
  for (const stray of strays) {
    findings.problem(
      stray.place,
      `"${stray.key}" in a dynamic file`,
      `server lines only; settings belong in ${file}`,
    )
  }
  if (draft.servers.length > 0 && dynamic.servers.length > 0) {
    findings.problem(
      pointer.place,
      'server lines in both files',
      `them in ${options.dynamic.file} only, or here only`,
    )
  }
  return {
    servers: [...draft.servers, ...dynamic.servers],
    entries: draft.entries,
    whole: draft.whole && dynamic.whole,
  }
}

/** Where a text points to for the rest: what `loadConfig` has to read before it can parse. */
export function pointersOf(
  text: string,
  file: string,
): { dataDir: string | null; dynamicConfigFile: Entry | null } {
  const entries =
    formatOf(text, file) === 'zoo'
      ? readProperties(text, file, new Findings())
      : readTable(text, file, new Findings()).entries
  const find = (key: string) => entries.findLast((entry) => entry.key === key) ?? null
  return { dataDir: find('dataDir')?.value ?? null, dynamicConfigFile: find('dynamicConfigFile') }
}
