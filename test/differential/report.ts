import type { Difference } from './compare.ts'
import type { Program } from './program.ts'
import { renderStep } from './render.ts'

/** A program, step by step, and what the two sides showed where they first differ. */
export function report(program: Program, difference: Difference): string {
  const steps = program.steps.map((step, i) => {
    const mark = i === difference.step ? '>' : ' '
    return `${mark} ${String(i).padStart(3)} ${renderStep(step)}`
  })
  return [
    ...steps,
    `differs at ${difference.step === null ? 'the end' : `step ${difference.step}`}, ${difference.where}:`,
    ...sideBySide(difference.theirs, difference.ours),
  ].join('\n')
}

function sideBySide(theirs: readonly string[], ours: readonly string[]): string[] {
  const lines: string[] = []
  for (let i = 0; i < Math.max(theirs.length, ours.length); i++) {
    if (theirs[i] === ours[i]) lines.push(`  both      ${theirs[i]}`)
    else lines.push(`  ZooKeeper ${theirs[i] ?? '(nothing)'}`, `  Banyan    ${ours[i] ?? '(nothing)'}`)
  }
  return lines
}
