import { readFileSync, writeFileSync } from 'node:fs'
import type { Figures } from './compare.ts'

/** Figures by load, kept in a JSON file that people read in diffs. */
export function readTable(file: string): Map<string, Figures> {
  return new Map(Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, Figures>))
}

export function writeTable(file: string, table: ReadonlyMap<string, Figures>): void {
  const rounded = [...table].map(([load, figures]) => [
    load,
    Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Math.round(value * 10) / 10])),
  ])
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(rounded), null, 2)}\n`)
}
