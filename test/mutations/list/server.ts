import type { Mutation } from '../mutation.ts'

/** Bugs in what faces the clients: sessions, watches, the order of requests and answers. */
export const serverMutations: readonly Mutation[] = [
  {
    name: 'resubmission-dropped',
    breaks: 'after a change of leader a server forgets the requests that wait for an answer',
    noticedBy: ['liveness', 'server stopped'],
    edits: [
      {
        file: 'server/in-flight.ts',
        find: '    for (const batch of [...this.#batches]) this.#sendRequests(batch.bytes)\n',
        replace: '',
      },
    ],
  },
  {
    name: 'error-on-uncommitted',
    breaks: 'a leader answers an error at once, though it rests on proposals that may never be committed',
    noticedBy: ['linearizability', 'per-session order'],
    edits: [
      {
        file: 'server/replicated-tree.ts',
        find: 'this.#state.execute(from, requests, this.#stamp, sink)',
        replace: `this.#state.execute(from, requests, this.#stamp, {
      get nextZxid() {
        return sink.nextZxid
      },
      propose: (bytes, start, end) => {
        sink.propose(bytes, start, end)
        this.#answerErrorEarly(from, bytes.subarray(start, end))
      },
    })`,
      },
      {
        file: 'server/replicated-tree.ts',
        find: '  onMessage(from: number, message: Buffer): void {',
        replace: `  #answerErrorEarly(from: number, bytes: Uint8Array): void {
    const txn = new JuteReader(Buffer.from(bytes))
    const header = new TxnHeader()
    readTxnHeader(txn, header)
    const { inFlight, config } = this.#services
    if (from !== config.serverId || header.kind !== TxnKind.error || header.number !== inFlight.firstNumber) return
    const zxid = this.#state.lastApplied
    this.beginReply(header.number, zxid, txn.int())
    this.endReply()
    const connection = this.#repliedTo
    this.#repliedTo = null
    if (connection === null) return
    connection.order.writeDone()
    this.#timers.endOfTurn(() => this.#services.requests.drain(connection))
  }

  onMessage(from: number, message: Buffer): void {`,
      },
      {
        file: 'server/replicated-tree.ts',
        find: 'this.#answeredBefore = this.#replaying && number < inFlight.firstNumber',
        replace: 'this.#answeredBefore = number < inFlight.firstNumber',
      },
      {
        file: 'server/replicated-tree.ts',
        find: `import { JuteWriter } from '../wire/jute-writer.ts'`,
        replace: `import { readTxnHeader, TxnHeader, TxnKind } from '../tree/txn.ts'
import { JuteReader } from '../wire/jute-reader.ts'
import { JuteWriter } from '../wire/jute-writer.ts'`,
      },
    ],
  },
  {
    name: 'read-before-own-write',
    breaks:
      'a read is answered from the state as it was when it came, before the writes that the client sent ahead of it',
    noticedBy: ['per-session order', 'never back in time'],
    edits: [
      {
        file: 'server/requests.ts',
        find: `      order.holdRead(frame, opcode === OpCode.sync, connection.identities)
      connection.regulate()
    }
  }

  /** Does what waits`,
        replace: `      if (connection.isFlowing && this.#readable && opcode !== OpCode.sync) {
        this.#early.set(
          frame,
          connection.capture(() => this.#perform(connection, opcode, frame, connection.identities)),
        )
      }
      order.holdRead(frame, opcode === OpCode.sync, connection.identities)
      connection.regulate()
    }
  }

  readonly #early = new WeakMap<Buffer, Buffer>()

  /** Does what waits`,
      },
      {
        file: 'server/requests.ts',
        find: '        else this.#perform(connection, opcode, frame, next.identities)\n',
        replace: `        else {
          const early = this.#early.get(frame)
          if (early === undefined) this.#perform(connection, opcode, frame, next.identities)
          else connection.sendEvent(early)
        }
`,
      },
      {
        file: 'server/client-connection.ts',
        find: '  /** Takes back what was written since `beginReply`. */',
        replace: `  capture(reply: () => void): Buffer {
    const mark = this.#out.length
    reply()
    const captured = Buffer.from(this.#out.view().subarray(mark))
    this.#out.truncate(mark)
    return captured
  }

  /** Takes back what was written since \`beginReply\`. */`,
      },
    ],
  },
  {
    name: 'behind-the-client',
    breaks: 'a server takes a client that has seen more than the server has applied',
    noticedBy: ['never back in time', 'exactly the promised events'],
    edits: [
      {
        file: 'server/handshake.ts',
        find: 'if (lastZxidSeen > state.lastApplied) {',
        replace: 'if (lastZxidSeen > state.lastApplied + Number.MAX_SAFE_INTEGER / 2) {',
      },
      // A quorum is heard before a session goes on, and what was committed by then is applied: that alone would do.
      {
        file: 'server/handshake.ts',
        find: '    this.#services.sync(() => {\n      patience.cancel()',
        replace: '    queueMicrotask(() => {\n      patience.cancel()',
      },
    ],
  },
  {
    name: 'reads-while-replaced',
    breaks: 'a server answers reads from a state that is being replaced, half done and of an earlier time',
    noticedBy: ['never back in time', 'per-session order'],
    edits: [
      {
        file: 'server/replicated-tree.ts',
        find: '    this.#services.requests.readable = false\n',
        replace: '',
      },
    ],
  },
  {
    name: 'expires-on-clock-jump',
    breaks: 'sessions are timed by the clock on the wall: when that is set forward, everybody expires',
    noticedBy: ['sessions live until their timeout'],
    edits: [
      {
        file: 'server/sessions/leader-sessions.ts',
        find: 'const expired = this.#tracker.tick(this.#options.clock.monotonicMs())',
        replace: 'const expired = this.#tracker.tick(this.#options.clock.wallMs())',
      },
      {
        file: 'server/sessions/leader-sessions.ts',
        find: 'this.#tracker.reset(this.#options.clock.monotonicMs())',
        replace: 'this.#tracker.reset(this.#options.clock.wallMs())',
      },
      {
        file: 'server/sessions/session-tracker.ts',
        find: '    if (gapMs > 2 * this.#periodMs) this.#quietUntilMs = nowMs + this.#tickMs\n',
        replace: '',
      },
      {
        file: 'server/sessions/session-tracker.ts',
        find: 'this.#sessionTimeMs += Math.min(gapMs, this.#periodMs)',
        replace: 'this.#sessionTimeMs += gapMs',
      },
    ],
  },
  {
    name: 'expires-after-freeze',
    breaks: 'a leader that was frozen expires the clients whose pings lie unread in its sockets',
    noticedBy: ['sessions live until their timeout'],
    edits: [
      {
        file: 'server/sessions/session-tracker.ts',
        find: '    if (gapMs > 2 * this.#periodMs) this.#quietUntilMs = nowMs + this.#tickMs\n',
        replace: '',
      },
      {
        file: 'server/sessions/session-tracker.ts',
        find: 'this.#sessionTimeMs += Math.min(gapMs, this.#periodMs)',
        replace: 'this.#sessionTimeMs += gapMs',
      },
    ],
  },
  {
    name: 'expires-at-half-time',
    breaks: 'sessions expire after half their timeout',
    noticedBy: ['sessions live until their timeout'],
    edits: [
      {
        file: 'server/sessions/session-tracker.ts',
        find: '#bucketFor({ timeoutMs }: TrackedSession): number {',
        replace:
          '#bucketFor({ timeoutMs: wholeTimeoutMs }: TrackedSession): number {\n    const timeoutMs = wholeTimeoutMs / 2',
      },
    ],
  },
  {
    name: 'new-leader-forgets-sessions',
    breaks:
      'a new leader does not time the sessions that it finds: they, and their ephemeral nodes, stay for ever',
    noticedBy: ['ephemerals gone with their session', 'sessions live until their timeout'],
    edits: [
      {
        file: 'server/sessions/leader-sessions.ts',
        find: '    for (const session of this.#options.sessions.values()) this.#tracker.add(session.id, session.timeoutMs)\n',
        replace: '',
      },
    ],
  },
  {
    name: 'watch-after-reply',
    breaks: 'a watch event leaves at the end of the turn, behind replies that show its change',
    noticedBy: ['watch before newer read'],
    edits: [
      {
        file: 'server/client-connection.ts',
        find: `    this.#out.raw(frame)
    this.statistics.packetsSent++
    this.#services.metrics.packetsSent++
    this.#services.metrics.watchEvents++
    this.#wrote()`,
        replace: `    const copy = Buffer.from(frame)
    this.#services.timers.endOfTurn(() => {
      if (this.stage === 'closed') return
      this.#out.raw(copy)
      this.#wrote()
    })`,
      },
    ],
  },
  {
    name: 'missed-event-not-told',
    breaks: 'a client that leaves its watches again is not told what has changed meanwhile',
    noticedBy: ['exactly the promised events'],
    edits: [
      {
        file: 'server/watches/old-watches.ts',
        find: 'else if (tree.mzxid(node) > old.relativeZxid) tell(EventType.nodeDataChanged, path)',
        replace: 'else if (tree.mzxid(node) < 0) tell(EventType.nodeDataChanged, path)',
      },
    ],
  },
  {
    name: 'second-watcher-not-told',
    breaks: 'of several clients that watch a node, only the first is told of its change',
    noticedBy: ['exactly the promised events'],
    edits: [
      {
        file: 'server/watches/watch-manager.ts',
        find: `    for (const watcher of watchers) {
      if (mayRead(acl, watcher.identities)) watcher.sendEvent(frame)
    }`,
        replace: `    for (const watcher of watchers) {
      if (mayRead(acl, watcher.identities)) watcher.sendEvent(frame)
      break
    }`,
      },
    ],
  },
]
