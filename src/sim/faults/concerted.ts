import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { CutMode } from '../network-fabric.ts'
import type { FaultContext, FaultFamily } from './fault.ts'
import { clientHosts, serverHost, shuffled } from './targets.ts'

type ConcertedName = 'rivalCandidates' | 'abandonedServer' | 'mutedLeader' | 'lingeringReign'

/** Servers that clients lose first, and those that they lose when they have the first ones back. */
interface Sides {
  readonly first: readonly number[]
  readonly second: readonly number[]
  readonly mode: CutMode
  /** At least and at most. */
  readonly pauseMs: readonly [number, number]
}

/**
 * Several faults at once, in the order in which together they lead to where a promise is hard to keep. Each alone is drawn as well,
 * but that they meet by chance is rare.
 */
export function concerted({ ensemble, passing, caretaker }: FaultContext): FaultFamily<ConcertedName> {
  const { world } = ensemble
  const { network } = world

  const crash = (random: SeededRandom, id: number, downMsMax: number): void => {
    if (!ensemble.host(id).up) return
    ensemble.crash(id, random.pick(['power', 'power', 'process']))
    caretaker.bringBackIn(id, random.below(downMsMax))
  }

  /** Clients lose these servers. Returns how they have them back. */
  const keepAway = (clients: readonly string[], lost: readonly number[], mode: CutMode): (() => void) => {
    for (const client of clients) for (const id of lost) network.cut(client, serverHost(id), mode)
    return () => {
      for (const client of clients) for (const id of lost) network.heal(client, serverHost(id))
    }
  }

  /** Clients lose some servers, have them back and lose the others, and so on. Returns how it ends. */
  const toAndFro = (random: SeededRandom, clients: readonly string[], sides: Sides): (() => void) => {
    let over = false
    let letBack = (): void => {}
    const lose = ({ first, second, mode, pauseMs }: Sides): void => {
      letBack = keepAway(clients, first, mode)
      world.at(world.nowMs + random.between(...pauseMs), () => {
        if (over) return
        letBack()
        lose({ first: second, second: first, mode, pauseMs })
      })
    }
    lose(sides)
    return () => {
      over = true
      letBack()
    }
  }

  return {
    /**
     * Two servers that do not see each other, both without a leader, and others who see both and lose now one, now the other: they
     * join the first, promise it an epoch, and go over to the second, which is about to choose the same epoch.
     */
    rivalCandidates: (random) => {
      const [one, other, ...voters] = shuffled(random, ensemble.ids)
      if (one === undefined || other === undefined || voters.length === 0) return false
      const rivals = [one, other] as const
      const { leader } = ensemble
      network.cut(serverHost(one), serverHost(other), random.pick(['reset', 'blackhole']))
      let over = false
      passing.last(random.between(500, 3_000), () => {
        over = true
        network.heal(serverHost(one), serverHost(other))
      })
      if (leader !== -1) crash(random, leader, 200)
      const pauseMsMax = random.pick([20, 60, 200])
      const powerFails = random.chance(1, 2)
      const tear = (): void => {
        if (over) return
        const voter = random.pick(voters)
        network.resetConnections(serverHost(voter), serverHost(random.pick(rivals)))
        if (powerFails && random.chance(1, 8)) crash(random, voter, 100)
        world.at(world.nowMs + random.between(1, pauseMsMax), tear)
      }
      world.at(world.nowMs + random.between(1, pauseMsMax), tear)
      return true
    },

    /**
     * A server that hears late of what happens, or is late to write it down, and clients that leave it, with writes on their way, or
     * that have nowhere else to go and have seen more than it has.
     */
    abandonedServer: (random) => {
      const clients = clientHosts(ensemble)
      if (ensemble.ids.length < 2 || clients.length === 0) return false
      const { leader } = ensemble
      const followers = ensemble.ids.filter((id) => id !== leader)
      const id = random.pick(random.chance(3, 4) ? followers : ensemble.ids)
      const others = ensemble.ids.filter((other) => other !== id)
      const host = ensemble.host(id)
      const durationMs = random.between(500, 3_000)
      const mends: (() => void)[] = []
      const hearsLate = random.chance(2, 3)
      if (hearsLate) {
        const { delayMinUs, delayMaxUs } = network.options
        // Mostly less than what counts as the failure of a peer: it goes on to take part.
        const minMs = random.pick([30, 100, 200, 300, 300, 800])
        for (const to of others)
          network.setDelay(serverHost(id), serverHost(to), { minMs, maxMs: minMs * 1.5 })
        mends.push(() => {
          const usual = { minMs: delayMinUs / 1000, maxMs: delayMaxUs / 1000 }
          for (const to of others) network.setDelay(serverHost(id), serverHost(to), usual)
        })
      } else if (host.diskSlowness === 1) {
        host.diskSlowness = random.pick([200, 1_000])
        host.note('slow disk', '', host.diskSlowness)
        mends.push(() => {
          host.diskSlowness = 1
          host.note('usual disk')
        })
      }
      // Writes are still on their way from a server that is far away; one that lags has clients when the others are out of reach.
      const leave = random.chance(3, 4) === hearsLate
      // The others go on to write: without that, who lags has caught up by the time that a client comes.
      const moved = leave ? clients : clients.filter(() => random.chance(1, 2))
      const mode = random.pick(['reset', 'reset', 'reset', 'blackhole'] as const)
      let over = false
      world.at(world.nowMs + random.between(1, 400), () => {
        if (over) return
        if (leave) mends.push(keepAway(moved, [id], mode))
        // Those who are to lag behind their clients lose them, and have them back, again and again.
        else mends.push(toAndFro(random, moved, { first: others, second: [id], mode, pauseMs: [50, 300] }))
      })
      passing.last(durationMs, () => {
        over = true
        for (const mend of mends) mend()
      })
      return true
    },

    /**
     * A leader that hears the others and is not heard by them goes on to order what they ask for, and none of it is to last. Whoever
     * asked may be gone by the time that there is another leader.
     */
    mutedLeader: (random) => {
      const { leader } = ensemble
      const others = ensemble.ids.filter((id) => id !== leader)
      if (leader === -1 || others.length === 0) return false
      for (const id of others) network.cutOneWay(serverHost(leader), serverHost(id))
      let over = false
      passing.last(random.between(300, 3_000), () => {
        over = true
        for (const id of others) network.heal(serverHost(leader), serverHost(id))
      })
      const victim = random.pick(others)
      if (random.chance(3, 4)) {
        world.at(world.nowMs + random.between(5, 600), () => {
          if (!over) crash(random, victim, 1_000)
        })
      }
      return true
    },

    /**
     * A leader that is cut off, with as many followers as do not make a quorum, reigns on for a while, and the others have another
     * leader by then. Clients see what the new reign does, come to the old one, and go back: what they have seen they must not
     * miss there.
     */
    lingeringReign: (random) => {
      const clients = clientHosts(ensemble)
      const { ids, leader } = ensemble
      if (ids.length < 3 || leader === -1 || clients.length === 0) return false
      const followers = shuffled(
        random,
        ids.filter((id) => id !== leader),
      )
      const left = [leader, ...followers.splice(0, (ids.length - 3) >> 1)]
      const cut = random.pick(['reset', 'blackhole'] as const)
      for (const a of left) for (const b of followers) network.cut(serverHost(a), serverHost(b), cut)
      const host = ensemble.host(leader)
      // Who stood still gives the others so much longer before it takes them for lost.
      if (random.chance(1, 2) && !host.frozen) {
        host.freeze()
        passing.last(random.between(50, 1_000), () => host.thaw())
      }
      const movers = clients.filter(() => random.chance(1, 2))
      const mends = [
        // They write in the new reign, and do not stop with the old one.
        keepAway(
          clients.filter((client) => !movers.includes(client)),
          left,
          'reset',
        ),
        toAndFro(random, movers, { first: left, second: followers, mode: 'reset', pauseMs: [100, 800] }),
      ]
      passing.last(random.between(1_000, 4_000), () => {
        for (const a of left) for (const b of followers) network.heal(serverHost(a), serverHost(b))
        for (const mend of mends) mend()
      })
      return true
    },
  }
}
