import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { faultNames } from '../../src/sim/faults/fault.ts'
import { mutations } from '../mutations/mutations.ts'

const page = readFileSync(new URL('../../docs/simulation.md', import.meta.url), 'utf8')
const section = (title: string): string => {
  const [, text] = page.split(`\n## ${title}\n`)
  if (text === undefined) throw new Error(`docs/simulation.md has no section "${title}"`)
  return text.split('\n## ', 1)[0] ?? ''
}
/** Of each row of a table, what stands in its first cell, which may hold several names. */
const names = (text: string): string[] =>
  [...text.matchAll(/^\| (`[^|]*`) \|/gm)]
    .flatMap(([, cell = '']) => cell.split(', '))
    .map((name) => name.replaceAll('`', ''))

it('docs/simulation.md: faults -> those that there are, each once', () => {
  expect(names(section('Faults')).toSorted()).toEqual([...faultNames].toSorted())
})

it('docs/simulation.md: planted bugs -> those that there are, each once', () => {
  expect(names(section('What it must find')).toSorted()).toEqual(mutations.map(({ name }) => name).toSorted())
})
