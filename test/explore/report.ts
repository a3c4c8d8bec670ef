import chalk from 'chalk'
import { type Bounds, boundNames } from './bounds.ts'
import type { Explorer } from './explorer.ts'
import type { Replay } from './shrink.ts'

export const boundsInWords = (bounds: Bounds): string =>
  boundNames.map((name) => `${name} ${bounds[name]}`).join(', ')

export interface Figures {
  states: number
  transitions: number
  ends: number
  /** Halves of servers that these states are put together of. */
  parts: number
  exhausted: boolean
  seconds: number
  /** Of the processor, which others may use as well. */
  cpuSeconds: number
  statesPerSecond: number
  memoryMb: number
  statesMb: number
}

export function figuresOf(explorer: Explorer, seconds: number): Figures {
  const { states, transitions, ends, exhausted, parts } = explorer
  return {
    states,
    transitions,
    parts,
    ends,
    exhausted,
    seconds: Math.round(seconds * 10) / 10,
    cpuSeconds: Math.round(process.cpuUsage().user / 1e5) / 10,
    statesPerSecond: Math.round(states / Math.max(seconds, 0.001)),
    memoryMb: Math.round(process.memoryUsage.rss() / 1e6),
    statesMb: Math.round(explorer.nodesBytes / 1e6),
  }
}

export function figuresInWords(figures: Figures): string {
  const { states, transitions, ends, parts, seconds, cpuSeconds, statesPerSecond, memoryMb, statesMb } =
    figures
  return (
    `${grouped(states)} states, ${grouped(transitions)} transitions, ${grouped(ends)} ends, of ${grouped(parts)} different parts; ` +
    `${seconds} s, ${cpuSeconds} s of the processor, ${grouped(statesPerSecond)} states/s, ${memoryMb} MB, ${statesMb} MB of it states`
  )
}

export function progressLine(explorer: Explorer, seconds: number): string {
  const perSecond = Math.round(explorer.states / Math.max(seconds, 0.001))
  return (
    `${Math.round(seconds)} s: ${grouped(explorer.states)} states, ${grouped(explorer.transitions)} transitions, ` +
    `${grouped(explorer.waiting)} waiting, ${grouped(perSecond)} states/s`
  )
}

/** The choices that lead to a violation, numbered, and below each what follows from it. */
export function timeline({ lines, violation }: Replay): string {
  const width = String(lines.length).length
  const told = lines.map(([choice, ...rest], i) => {
    const number = chalk.dim(`${String(i + 1).padStart(width)}.`)
    return [
      `${number} ${choice ?? ''}`,
      ...rest.map((line) => chalk.dim(`${' '.repeat(width + 4)}${line}`)),
    ].join('\n')
  })
  return [...told, '', chalk.red(`broken: ${violation?.message ?? ''}`)].join('\n')
}

export const grouped = (value: number): string => value.toLocaleString('en-US')
