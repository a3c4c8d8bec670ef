import type { Findings, Place } from './config-error.ts'

/** ZooKeeper's words that are of two kinds: those that any monitor may ask, and those that cost or tell more. */
const harmless = ['ruok', 'srvr', 'stat', 'mntr', 'conf']
const others = 'cons crst dirs dump envi gtmk hash isro srst stmk wchc wchp wchs'.split(' ')

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
