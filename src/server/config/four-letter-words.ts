import type { Findings, Place } from './config-error.ts'

/** ZooKeeper's words that any monitor may ask: they change nothing, and cost little. */
const harmless = 'ruok isro srvr stat conf cons dirs envi mntr wchs hash gtmk'.split(' ')
/** Those that change something, or list every session, node or path. */
const others = 'crst srst stmk dump wchc wchp'.split(' ')

/** Understands `4lw.commands.whitelist`; null when it was not given. `srvr` cannot be turned off, as in ZooKeeper. */
export function readFourLetterWords(
  list: string | null,
  place: Place,
  findings: Findings,
): ReadonlySet<string> | '*' {
  if (list === null) return new Set(harmless)
  const words = list.split(',').map((word) => word.trim())
  if (words.includes('*')) return '*'
  for (const word of words) {
    if (word === '' || harmless.includes(word) || others.includes(word)) continue
    findings.warn(place, `"${word}" in 4lw.commands.whitelist is not a word that ZooKeeper has`)
  }
  return new Set([...words.filter((word) => word !== ''), 'srvr'])
}
