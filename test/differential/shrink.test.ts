import { describe, expect, it } from 'vitest'
import { generate } from './generate/generate.ts'
import type { Program, Step } from './program.ts'
import { shrink } from './shrink.ts'

const requestsOf = (step: Step): readonly { readonly opcode: number }[] =>
  step.kind === 'send' ? step.requests : []
const opcodes = ({ steps }: Program): number[] => steps.flatMap(requestsOf).map(({ opcode }) => opcode)

describe('differential: shrinking', () => {
  it('two requests matter, far apart and in order -> these two are left', async () => {
    const program = generate('shrink', 200)
    const fails = (candidate: Program): boolean => {
      const found = opcodes(candidate)
      const write = found.indexOf(1)
      return write >= 0 && found.lastIndexOf(4) > write
    }
    expect(fails(program)).toBe(true)
    const smallest = await shrink(program, async (candidate) => fails(candidate), 1_000)
    expect(opcodes(smallest)).toEqual([1, 4])
  })

  it('the bound on runs is reached -> what is left still fails', async () => {
    const program = generate('bound', 200)
    let runs = 0
    const fails = (candidate: Program): boolean => opcodes(candidate).includes(14)
    const smallest = await shrink(
      program,
      async (candidate) => {
        runs++
        return fails(candidate)
      },
      5,
    )
    expect(runs).toBe(5)
    expect(fails(smallest)).toBe(true)
  })
})

describe('differential: programs', () => {
  it('the same seed -> the same program', () => {
    expect(generate('one', 100)).toEqual(generate('one', 100))
    expect(generate('one', 100)).not.toEqual(generate('two', 100))
  })

  it('many programs -> every operation is in them', () => {
    const all = new Set(Array.from({ length: 60 }, (_, i) => opcodes(generate(`all ${i}`, 200))).flat())
    const expected = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 14, 15, 16, 17, 18, 19, 21, 22]
    expected.push(100, 101, 102, 103, 104, 105, 106, 107, -11)
    expect(expected.filter((opcode) => !all.has(opcode))).toEqual([])
  })
})
