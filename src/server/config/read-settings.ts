import type { Findings, Place } from './config-error.ts'
import { type Entry, readWhole } from './draft.ts'
import { whyInapplicable } from './inapplicable-settings.ts'
import {
  type ChoiceSetting,
  type DerivedSetting,
  type NumberSetting,
  type Setting,
  type SettingName,
  type SwitchSetting,
  settings,
} from './settings.ts'

type ValueOf<S> = S extends NumberSetting
  ? number
  : S extends DerivedSetting
    ? number | null
    : S extends SwitchSetting
      ? boolean
      : S extends ChoiceSetting<infer C>
        ? C
        : string | null

/** What the settings come to, defaults filled in. Null where nothing was given and there is no fixed default. */
export type Values = { [Name in SettingName]: ValueOf<(typeof settings)[Name]> }

export interface SettingsRead {
  readonly values: Values
  /** Where each setting was given a usable value. */
  readonly places: ReadonlyMap<SettingName, Place>
  /** Every key that stands in the file, usable or not. */
  readonly given: ReadonlyMap<string, Place>
  /** The lines `authProvider.<any name>`. */
  readonly authProviders: readonly Entry[]
}

/**
 * Understands the `key=value` lines. A zoo.cfg is read as ZooKeeper would, with warnings where it goes on in silence: what
 * runs there is to start here. In our own format the same is a mistake, and an error.
 */
export function readSettings(
  entries: readonly Entry[],
  format: 'table' | 'zoo',
  findings: Findings,
): SettingsRead {
  const given = new Map<string, Place>()
  const values = defaults(format)
  const places = new Map<SettingName, Place>()
  const authProviders: Entry[] = []
  for (const { key, value, place } of oncePerKey(entries, format, findings)) {
    given.set(key, place)
    if (/^authProvider\./.test(key)) {
      authProviders.push({ key, value, place })
      continue
    }
    if (!isSetting(key)) {
      readStranger(key, value, place, format, findings)
      continue
    }
    const read = readValue(key, settings[key], value, format, place, findings)
    if (read !== null) {
      values[key] = read
      places.set(key, place)
    }
  }
  return { values: values as Values, places, given, authProviders }
}

/** Of a key that is given twice, the last counts in a zoo.cfg, as in Java; in a table it is an error. */
function oncePerKey(
  entries: readonly Entry[],
  format: 'table' | 'zoo',
  findings: Findings,
): IteratorObject<Entry> {
  const counting = new Map<string, Entry>()
  for (const entry of entries) {
    const { key, place } = entry
    const first = counting.get(key)
    if (first === undefined || format === 'zoo') counting.set(key, entry)
    if (first === undefined) continue
    const where = `line ${first.place.line} has it already`
    if (format === 'table') {
      findings.problem(place, `${key} a second time`, `each setting once (${where})`)
    } else if (entry.value !== first.value) {
      findings.warn(place, `${key} is given a second time, ${where}: the last one counts, as in ZooKeeper`)
    }
  }
  return counting.values()
}

const isSetting = (key: string): key is SettingName => Object.hasOwn(settings, key)

function defaults(format: 'table' | 'zoo'): Record<SettingName, unknown> {
  const entries = Object.entries(settings as Record<string, Setting>).map(([name, setting]) => {
    if (setting.kind === 'text' || setting.kind === 'derived') return [name, null]
    return [name, typeof setting.default === 'object' ? setting.default[format] : setting.default]
  })
  return Object.fromEntries(entries) as Record<SettingName, unknown>
}

/** Returns null when the value is not usable (noted) or asks for the default. */
function readValue(
  key: SettingName,
  setting: Setting,
  text: string,
  format: 'table' | 'zoo',
  place: Place,
  findings: Findings,
): number | boolean | string | null {
  switch (setting.kind) {
    case 'number': {
      const hexadecimal = setting.hexadecimal === true && /^0x[0-9a-f]{1,8}$/i.test(text)
      const decimal = hexadecimal ? String(Number(text)) : text
      return format === 'zoo'
        ? readNearest(decimal, key, setting, place, findings)
        : readWhole(decimal, key, boundsOf(setting), place, findings)
    }
    case 'derived':
      return text === '-1' ? null : readWhole(text, key, boundsOf(setting), place, findings)
    case 'switch': {
      const lower = text.toLowerCase()
      if (lower === 'yes' || lower === 'true') return true
      if (lower === 'no' || lower === 'false') return false
      findings.problem(place, `${key} "${text}"`, 'yes or no')
      return null
    }
    case 'choice': {
      if (setting.choices.includes(text)) return text
      const refused = setting.refused?.[text]
      const why = refused === undefined ? '' : ` (${refused})`
      findings.problem(place, `${key} "${text}"`, `${setting.choices.join(' or ')}${why}`)
      return null
    }
    case 'text': {
      if (text !== '') return text
      if (format === 'zoo' && key !== 'dataDir') {
        findings.warn(place, `${key} has no value: taken as not given`)
        return null
      }
      findings.problem(place, `${key} without a value`, 'a value behind the "="')
      return null
    }
  }
}

/** A number beyond the bounds becomes the nearest that is not: ZooKeeper has other bounds, or none. */
function readNearest(
  text: string,
  key: SettingName,
  setting: NumberSetting,
  place: Place,
  findings: Findings,
): number | null {
  const { min, max, unit } = setting
  const value = /^-?\d{1,15}$/.test(text) ? Number(text) : min
  const nearest = Math.min(Math.max(value, min), max)
  if (nearest === value) return readWhole(text, key, boundsOf(setting), place, findings)
  findings.warn(place, `${key} ${value} is taken as ${nearest}: ${min} to ${max} ${unit} are possible`)
  return nearest
}

function boundsOf(setting: NumberSetting | DerivedSetting): { min: number; max: number; unit?: string } {
  const { min, max, unit } = setting
  return unit === '' ? { min, max } : { min, max, unit }
}

function readStranger(
  key: string,
  value: string,
  place: Place,
  format: 'table' | 'zoo',
  findings: Findings,
): void {
  if (/^(group|weight)\./.test(key)) {
    // Accepting these and counting every server alike would quietly change which servers make a quorum.
    findings.problem(
      place,
      `${key}=${value}`,
      'one equal vote per server: quorums by group or weight are not supported',
    )
    return
  }
  const reason = whyInapplicable(key)
  if (reason !== null) {
    findings.warn(place, `${key} is accepted and does nothing: ${reason}`)
    return
  }
  const near = Object.keys(settings).find((name) => editsBetween(name.toLowerCase(), key.toLowerCase()) <= 2)
  if (format === 'zoo') {
    // ZooKeeper makes a Java property of any key.
    const perhaps = near === undefined ? '' : `; perhaps ${near} was meant`
    findings.warn(place, `${key} is not a known setting and does nothing${perhaps}`)
    return
  }
  findings.problem(
    place,
    // No more than a name: behind a space there may be a value, and in that a password.
    `unknown setting "${key.split(/\s/, 1)[0]}"`,
    near === undefined ? 'a setting that docs/operations.md lists' : `a known setting, perhaps ${near}`,
  )
}

/** Levenshtein's distance. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
