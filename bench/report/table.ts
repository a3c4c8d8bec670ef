import chalk from 'chalk'
import { isMet, type Line, median, ratioOf, type Target, type Unit } from './line.ts'

const heads = ['', 'Banyan', 'ZooKeeper', 'ratio', 'target', '']
const gap = '  '

/** All lines as one table: medians of the rounds. */
export function table(lines: readonly Line[]): string {
  const rows = lines.map((line) => [
    `${line.scenario}: ${line.what}`,
    figure(line.banyan, line.unit),
    figure(line.zookeeper, line.unit),
    ratioText(ratioOf(line)),
    targetText(line.target, line.unit),
    verdict(isMet(line)),
  ])
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => (row[column] ?? '').length)),
  )
  const layOut = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === 0 || i === 5 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join(gap)
      .trimEnd()
  const rule = '-'.repeat(widths.reduce((sum, width) => sum + width + gap.length, -gap.length))
  return [chalk.bold(layOut(heads)), rule, ...rows.map((row) => coloured(layOut(row), row[5] ?? ''))].join(
    '\n',
  )
}

/** The same as one object for scripts. */
export function asJson(lines: readonly Line[]): object[] {
  return lines.map((line) => ({
    ...line,
    medians: { banyan: orNull(line.banyan), zookeeper: orNull(line.zookeeper) },
    ratio: ratioOf(line),
    met: isMet(line),
  }))
}

const orNull = (values: readonly number[]): number | null => (values.length === 0 ? null : median(values))

function figure(values: readonly number[], unit: Unit): string {
  return values.length === 0 ? '-' : withUnit(median(values), unit)
}

export function withUnit(value: number, unit: Unit): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
  const text = value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return unit === '/s' ? `${Math.round(value).toLocaleString('en')}/s` : `${text} ${unit}`
}

function ratioText(ratio: number | null): string {
  return ratio === null ? '-' : `${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(2)} x`
}

function targetText(target: Target | null, unit: Unit): string {
  if (target === null) return ''
  if ('atLeast' in target) return `>= ${target.atLeast} x`
  return target.of === 'ratio' ? `<= ${target.atMost.toFixed(2)} x` : `<= ${withUnit(target.atMost, unit)}`
}

function verdict(met: boolean | null): string {
  return met === null ? '' : met ? 'met' : 'missed'
}

function coloured(text: string, said: string): string {
  return said === 'met' ? chalk.green(text) : said === 'missed' ? chalk.red(text) : text
}
