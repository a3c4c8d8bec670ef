import type { Bounds } from './bounds.ts'
import { costOf } from './choices.ts'
import { Explorer, type Reductions, type Shown } from './explorer.ts'
import { names } from './model/transactions.ts'
import type { World } from './model/world.ts'
import { everyPermutation, renameServer, renameTransactions } from './rename.ts'

/**
 * All states that a walk comes to in which nothing goes on by itself: what everybody has on disk, who follows whom, what is
 * committed. In words, the same for those that differ in ids alone. Reductions must not lose any.
 */
export function calmStates(start: World, bounds: Bounds, reductions: Reductions): Set<string> {
  return calmWalk(start, bounds, reductions).calm
}

/** The same, with the number of all states of the walk. */
export function calmWalk(
  start: World,
  bounds: Bounds,
  reductions: Reductions,
): { calm: Set<string>; states: number } {
  const found = new Set<string>()
  const permutations = everyPermutation(start.size)
  const inWords = ({ servers, committed }: Shown): string => {
    const ways = permutations.map((by) => {
      const renamed = servers.map((server) => renameServer(server, by))
      const told = renamed.map(({ id, durable, log, leading, following }) => [
        id,
        { ...durable },
        names(log),
        leading === null ? '' : leading.machine.phase,
        following === null ? '' : `${following.machine.stage} ${following.leader}`,
      ])
      told.sort(([one], [other]) => Number(one) - Number(other))
      return `${JSON.stringify(told)}; committed ${names(renameTransactions(committed, by))}`
    })
    return ways.sort()[0] ?? ''
  }
  const show = (state: Shown): void => {
    if (state.open.every((choice) => costOf(choice) !== null)) found.add(inWords(state))
  }
  const explorer = new Explorer({ start, bounds, reductions, show })
  while (!explorer.exhausted && explorer.found === null) explorer.run(1000)
  if (explorer.found !== null) throw explorer.found.violation
  return { calm: found, states: explorer.states }
}

/** Those that a reduced walk does not come to: neither to them, nor to the same with more of it known to be committed. */
export function lostStates(reduced: ReadonlySet<string>, plain: ReadonlySet<string>): string[] {
  return [...plain].filter(
    (state) => ![...reduced].some((one) => one === state || one.startsWith(`${state} `)),
  )
}
