import type { Zxid } from '../tree/zxid.ts'

/** The names in a server's folder. Everything that is being built ends in `.tmp` until it is whole. */
export const stateFileName = 'state'
export const building = (name: string): string => `${name}.tmp`
export const isBuilding = (name: string): boolean => name.endsWith('.tmp')

export const historyName = (number: number): string => `h-${String(number).padStart(4, '0')}`
export const segmentName = (first: Zxid): string => `log.${first.toString(16)}`
export const snapshotName = (zxid: Zxid): string => `snapshot.${zxid.toString(16)}`

/** The number in `h-0003`; null for any other name. */
export function historyNumber(name: string): number | null {
  return /^h-\d{4,9}$/.test(name) ? Number(name.slice(2)) : null
}

export const segmentFirst = (name: string): Zxid | null => hexBehind('log.', name)
export const snapshotZxid = (name: string): Zxid | null => hexBehind('snapshot.', name)

function hexBehind(prefix: string, name: string): number | null {
  if (!name.startsWith(prefix)) return null
  const digits = name.slice(prefix.length)
  const value = Number.parseInt(digits, 16)
  return Number.isSafeInteger(value) && value.toString(16) === digits ? value : null
}
