import type { Mutation } from '../mutation.ts'

/** Bugs in execute and apply. */
export const stateMutations: readonly Mutation[] = [
  {
    name: 'version-of-applied-state',
    breaks:
      'a version is compared with the applied state, without the proposals in flight: two compare-and-sets win',
    noticedBy: ['linearizability'],
    edits: [
      {
        file: 'tree/execute/set-data.ts',
        find: 'if (version !== -1 && version !== node.version) return ErrorCode.badVersion',
        replace:
          'if (version !== -1 && version !== (node.node === null ? node.version : decision.overlay.tree.version(node.node))) return ErrorCode.badVersion',
      },
    ],
  },
  {
    name: 'multi-not-rolled-back',
    breaks: 'the leader goes on as if the first operations of a failed transaction had been carried out',
    noticedBy: ['server stopped', 'constant sum'],
    edits: [
      {
        file: 'tree/execute/multi.ts',
        find: '      decision.overlay.rollbackMulti()\n',
        replace: '      decision.overlay.commitMulti()\n',
      },
    ],
  },
  {
    name: 'done-request-done-again',
    breaks: 'after a change of leader a server sends also what is done, and the leader carries it out again',
    noticedBy: ['server stopped', 'linearizability', 'exactly once'],
    edits: [
      {
        file: 'tree/overlay.ts',
        find: 'if (incarnation === origin.incarnation && number <= origin.number) return false',
        replace: 'if (incarnation === origin.incarnation && number <= 0) return false',
      },
      {
        file: 'server/in-flight.ts',
        find: '      this.#batches.shift()\n',
        replace: '',
      },
      {
        file: 'server/in-flight.ts',
        find: '    const batch = this.#batches[0]\n',
        replace: '    const batch = this.#batches.find(({ lastNumber }) => lastNumber === number)\n',
      },
    ],
  },
  {
    name: 'retried-write-done-again',
    breaks: 'a write that a client sends again on another server is carried out again',
    noticedBy: ['linearizability', 'exactly once'],
    edits: [
      {
        file: 'tree/execute/executor.ts',
        find: 'window > 0 && numbered && !this.#isNew(envelope)',
        replace: 'window > 0 && numbered && !this.#isNew(envelope) && zxid < 0',
      },
    ],
  },
  {
    name: 'left-connection-still-writes',
    breaks:
      'a write that waits on a connection that its client has left is done after what came on the later one',
    noticedBy: ['a broken invariant', 'per-session order', 'linearizability'],
    edits: [
      {
        file: 'tree/overlay.ts',
        find: 'if (session !== undefined && attachment < session.claim) return sessionMoved',
        replace: 'if (session !== undefined && attachment < 0) return sessionMoved',
      },
    ],
  },
  {
    name: 'ephemeral-left-behind',
    breaks: 'one ephemeral node stays when its session is closed',
    noticedBy: ['ephemerals gone with their session'],
    edits: [
      {
        file: 'tree/apply.ts',
        find: 'for (const path of [...session.ephemerals].sort()) this.#removeNode(path, zxid, listener)',
        replace:
          'for (const path of [...session.ephemerals].sort().slice(1)) this.#removeNode(path, zxid, listener)',
      },
    ],
  },
  {
    name: 'children-event-lost',
    breaks: 'who watches the children of a node is not told that one was deleted',
    noticedBy: ['exactly the promised events'],
    edits: [
      {
        file: 'tree/apply.ts',
        find: `    listener.nodeDeleted(node, zxid)
    this.#tellParent(node, zxid, listener)`,
        replace: '    listener.nodeDeleted(node, zxid)',
      },
    ],
  },
  {
    name: 'servers-disagree',
    breaks: 'a server stamps some changes with a time of its own: trees of one history differ',
    noticedBy: ['equal digest at equal zxid'],
    edits: [
      {
        file: 'tree/apply.ts',
        find: 'dataLength, zxid, this.#header.wallMs)',
        replace: 'dataLength, zxid, this.#header.wallMs + (this.#reply.wanted ? 1 : 0))',
      },
      {
        file: 'tree/reply-path.ts',
        find: `  /** Where to write the body; null when nobody wants it. After writing it, \`close\`. */`,
        replace: `  get wanted(): boolean {
    return this.#wanted
  }

  /** Where to write the body; null when nobody wants it. After writing it, \`close\`. */`,
      },
    ],
  },
]
