import type { Mutation } from '../mutation.ts'

/** Bugs in discovery, synchronization, broadcast and hand-over. */
export const replicationMutations: readonly Mutation[] = [
  {
    name: 'ack-before-sync',
    breaks: 'a follower acknowledges a proposal when it has it, and not when its disk has it',
    noticedBy: ['linearizability', 'acknowledged means durable on a quorum'],
    edits: [
      {
        file: 'replication/follower.ts',
        find: 'proposal: true, after }',
        replace: 'proposal: true, after: [] }',
      },
      {
        file: 'replication/follower.ts',
        find: '? [append, this.#commit(commit)] : [append]',
        replace: '? [append, ...after, this.#commit(commit)] : [append, ...after]',
      },
    ],
  },
  {
    name: 'history-acked-before-durable',
    breaks: 'a follower acknowledges the history of a new reign before it is on its disk',
    noticedBy: ['acknowledged means durable on a quorum', 'linearizability'],
    edits: [
      {
        file: 'replication/follower.ts',
        find: `    return [replaced ? { kind: 'finishReplacement', changes, after } : { kind: 'saveState', changes, after }]`,
        replace: `    return [
      ...after,
      replaced ? { kind: 'finishReplacement', changes, after: [] } : { kind: 'saveState', changes, after: [] },
    ]`,
      },
    ],
  },
  {
    name: 'commit-on-minority',
    breaks: 'the leader takes a proposal for committed when one server less than a quorum holds it',
    noticedBy: ['linearizability', 'acknowledged means durable on a quorum', 'no committed prefix truncated'],
    edits: [
      {
        file: 'replication/reign-followers.ts',
        find: 'this.#holding(ackedZxid) >= this.#quorum)',
        replace: 'this.#holding(ackedZxid) >= Math.max(1, this.#quorum - 1))',
      },
    ],
  },
  {
    name: 'reign-on-minority',
    breaks: 'a reign is established when one server less than a quorum holds its history',
    noticedBy: ['linearizability', 'no committed prefix truncated'],
    edits: [
      {
        file: 'replication/reign-followers.ts',
        find: 'return this.#holding(zxid) >= this.#quorum',
        replace: 'return this.#holding(zxid) >= Math.max(1, this.#quorum - 1)',
      },
    ],
  },
  {
    name: 'promise-skipped',
    breaks: 'a server promises an epoch and remembers it only when it takes part in its reign',
    noticedBy: ['one leader per epoch', 'committed prefix', 'one history'],
    edits: [
      {
        file: 'replication/follower.ts',
        find: `      return [{ kind: 'saveState', changes, after: [ack(true)] }]`,
        replace: '      return [ack(true)]',
      },
      {
        file: 'replication/follower.ts',
        find: 'const changes = { currentEpoch: epoch, ensembleId,',
        replace:
          'const changes = { promisedEpoch: epoch, promisedTo: this.#facts.leader, currentEpoch: epoch, ensembleId,',
      },
    ],
  },
  {
    name: 'promise-answered-before-durable',
    breaks: 'a server answers that it promises an epoch before the promise is on its disk',
    noticedBy: ['one leader per epoch', 'promises are kept'],
    edits: [
      {
        file: 'replication/follower.ts',
        find: `      return [{ kind: 'saveState', changes, after: [ack(true)] }]`,
        replace: `      return [ack(true), { kind: 'saveState', changes, after: [] }]`,
      },
    ],
  },
  {
    name: 'promise-to-two',
    breaks: 'a server forgets whom it promised an epoch to, and counts for a second leader of the same epoch',
    noticedBy: ['one leader per epoch'],
    edits: [
      {
        file: 'replication/follower.ts',
        find: 'return [ack(promisedTo === leader)]',
        replace: 'return [ack(true)]',
      },
    ],
  },
  {
    name: 'lower-epoch-accepted',
    breaks: 'a server goes over to a leader of an epoch below the one that it has promised',
    noticedBy: ['one leader per epoch', 'promised epochs never go down'],
    edits: [
      {
        file: 'replication/leader.ts',
        find: `      if (join.promisedEpoch > this.epoch) {
        return this.resign(\`server \${from} has promised epoch \${join.promisedEpoch}, above \${this.epoch}\`)
      }
`,
        replace: '',
      },
      {
        file: 'replication/follower.ts',
        find: '    if (epoch < promisedEpoch) return this.#leave(',
        replace: '    if (epoch < 0) return this.#leave(',
      },
    ],
  },
  {
    name: 'wiped-voter-counts',
    breaks:
      'a server that has lost its disk counts in discovery like one that remembers what it acknowledged',
    noticedBy: ['acknowledged means durable on a quorum', 'linearizability'],
    edits: [
      {
        file: 'replication/discovery.ts',
        find: `    return join.condition !== 'fresh' || (this.founding && (this.#allFresh || this.#needsAll))`,
        replace: '    return true',
      },
      {
        // The election would keep such a server from standing; that is no part of the rule.
        file: 'replication/standing.ts',
        find: `peer.condition === 'founded' && outlook.condition === 'fresh'`,
        replace: `id < 0 && outlook.condition === 'fresh'`,
      },
      {
        file: 'replication/leader.ts',
        find: `=== 'broadcast' || this.#discovery.founding) return false`,
        replace: `=== 'broadcast' || this.#options.members > 0) return false`,
      },
      {
        file: 'replication/follower.ts',
        find: `this.#facts.condition === 'fresh' && !this.#facts.recovered && !message.counted`,
        replace: `this.#facts.condition === 'fresh' && !this.#facts.recovered && epoch < 0`,
      },
    ],
  },
  {
    name: 'stale-history-wins',
    breaks: 'a winner begins its reign with its own history, though another of its quorum has a fresher one',
    noticedBy: ['linearizability', 'no committed prefix truncated'],
    edits: [
      {
        file: 'replication/discovery.ts',
        find: '(server === preferred && !fresher(best.ack, ack))',
        replace: 'server === preferred || (best.server !== preferred && fresher(ack, best.ack))',
      },
      {
        file: 'replication/discovery.ts',
        find: 'best === null || fresher(ack, best.ack) || ',
        replace: 'best === null || ',
      },
    ],
  },
  {
    name: 'stale-history-wins-unasserted',
    breaks:
      'the same, with the assertion gone that forbids a server to truncate what it knows to be committed: the checkers have to tell',
    noticedBy: ['linearizability', 'no committed prefix truncated'],
    edits: [
      {
        file: 'replication/discovery.ts',
        find: '(server === preferred && !fresher(best.ack, ack))',
        replace: 'server === preferred || (best.server !== preferred && fresher(ack, best.ack))',
      },
      {
        file: 'replication/discovery.ts',
        find: 'best === null || fresher(ack, best.ack) || ',
        replace: 'best === null || ',
      },
      {
        file: 'storage/history-folder.ts',
        find: '    assert(zxid >= this.#commit, () =>',
        replace: '    this.#commit = Math.min(this.#commit, zxid)\n    assert(zxid >= this.#commit, () =>',
      },
    ],
  },
  {
    name: 'epoch-before-history',
    breaks:
      'a server writes down that it took part in an epoch when it promises it, and not when it has its history',
    noticedBy: ['linearizability', 'no committed prefix truncated', 'acknowledged means durable on a quorum'],
    edits: [
      {
        file: 'replication/follower.ts',
        find: 'const changes = { promisedEpoch: epoch, promisedTo: leader }',
        replace: 'const changes = { promisedEpoch: epoch, promisedTo: leader, currentEpoch: epoch }',
      },
    ],
  },
  {
    name: 'common-point-one-too-far',
    breaks: 'of what only a follower has, synchronization leaves one transaction in place',
    noticedBy: ['equal digest at equal zxid', 'server stopped'],
    edits: [
      {
        file: 'storage/history-summary.ts',
        find: 'common = zxidOf(x.epoch, Math.min(x.lastCounter, y.lastCounter))',
        replace: 'common = zxidOf(x.epoch, Math.min(x.lastCounter + 1, y.lastCounter))',
      },
    ],
  },
  {
    name: 'tail-not-wiped',
    breaks: 'a follower does not wipe what the new reign does not hold',
    noticedBy: ['server stopped', 'equal digest at equal zxid'],
    edits: [
      {
        file: 'replication/follower.ts',
        find: `    return [{ kind: 'truncate', to: common }]`,
        replace: '    return []',
      },
    ],
  },
  {
    name: 'applied-beyond-commit',
    breaks: 'a follower applies, and shows to clients, what is proposed and not yet committed',
    noticedBy: ['never back in time', 'no committed prefix truncated', 'server stopped'],
    edits: [
      {
        file: 'replication/follower.ts',
        find: `[append, this.#commit(commit)] : [append]`,
        replace: `[append, this.#commit(Math.max(commit, lastZxid))] : [append]`,
      },
    ],
  },
  {
    name: 'sync-unconfirmed',
    breaks: 'a leader answers a sync without asking a quorum whether it still leads',
    noticedBy: ['linearizability'],
    edits: [
      {
        file: 'replication/leader.ts',
        find: `    this.#confirmation.hold({ server: from, id })
    return this.#confirmation.wantsRound ? this.onHeartbeat() : []`,
        replace: `    return [{ kind: 'confirmed', server: from, id }]`,
      },
    ],
  },
  {
    name: 'serves-before-applied',
    breaks: 'a server takes part in a reign before it has applied the history that the reign begins with',
    noticedBy: ['liveness', 'server stopped', 'never back in time'],
    edits: [
      {
        file: 'replication/follower-loop.ts',
        find: `    this.#applier.whenApplied(commitTarget, () => {`,
        replace: `    this.#applier.whenApplied(Math.min(commitTarget, 0), () => {`,
      },
    ],
  },
]
