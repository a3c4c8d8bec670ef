import type { Mutation } from '../mutations/mutation.ts'
import { getLoad, type Load, oneSetLoad, setLoad } from './loads.ts'

/** A change that keeps the servers right and makes them slower. */
export interface SlowChange extends Mutation {
  /** Where it shows. */
  readonly load: Load
}

/** Each, planted, moves the figures in `noticedBy`. The first three are planted in every run of the tests, and differ most. */
export const slowChanges: readonly SlowChange[] = [
  {
    name: 'no-group-commit',
    breaks:
      'the leader proposes what comes in while its log is being written, turn for turn, instead of gathering it',
    noticedBy: ['framesFromLeader', 'framesEncoded', 'diskSyncs'],
    load: setLoad,
    edits: [
      {
        file: 'replication/leader-loop.ts',
        find: 'if (this.#gathers() && !this.#interrupted) return',
        replace: '',
      },
    ],
  },
  {
    name: 'write-for-each-reply',
    breaks: 'each reply is handed to the connection by itself',
    noticedBy: ['writesToClients', 'buffers'],
    load: getLoad,
    edits: [
      {
        file: 'server/client-connection.ts',
        find: 'if (this.#out.length >= limits.outputFlushBytes) {',
        replace: 'if (this.#out.length > 0) {',
      },
    ],
  },
  {
    name: 'copy-of-each-record',
    breaks: 'a record is copied before it is applied',
    noticedBy: ['buffers', 'bufferBytes'],
    load: setLoad,
    edits: [
      {
        file: 'replication/applier.ts',
        find: 'this.#state.apply(zxid, records, batch.at + recordHeaderBytes, end)',
        replace:
          'this.#state.apply(zxid, Buffer.from(records.subarray(batch.at + recordHeaderBytes, end)), 0, end - batch.at - recordHeaderBytes)',
      },
    ],
  },
  {
    name: 'frame-for-each-follower',
    breaks: 'a batch is encoded anew for each follower',
    noticedBy: ['framesEncoded', 'bufferBytes'],
    load: setLoad,
    edits: [
      {
        file: 'replication/leader-loop.ts',
        find: 'else link.sendShared(shared)',
        replace: 'else link.send(shared.message)',
      },
    ],
  },
  {
    name: 'promise-for-each-record',
    breaks: 'applying waits for a promise that is made for each record',
    noticedBy: ['promises'],
    load: setLoad,
    edits: [
      {
        file: 'replication/applier.ts',
        find: 'const zxid = recordZxid(records, batch.at)',
        replace: 'const zxid = recordZxid(records, batch.at)\n      void Promise.resolve(zxid)',
      },
    ],
  },
  {
    name: 'second-sync',
    breaks: 'the log syncs what it has already written durably',
    noticedBy: ['diskSyncs', 'simulatedMs'],
    load: oneSetLoad,
    edits: [
      {
        file: 'storage/log.ts',
        find: 'await file.writeDurably(written, segment.bytes)',
        replace: 'await file.writeDurably(written, segment.bytes)\n      await file.sync()',
      },
    ],
  },
  {
    name: 'zeros-for-every-group',
    breaks: 'the log is written ahead with zeros, whether or not the file is long enough already',
    noticedBy: ['diskBytes'],
    load: oneSetLoad,
    edits: [{ file: 'storage/log.ts', find: 'end > this.#fileBytes && ', replace: '' }],
  },
  {
    name: 'leader-waits',
    breaks: 'a turn of the leader loop waits for a millisecond, in the hope of more',
    noticedBy: ['simulatedMs'],
    load: oneSetLoad,
    edits: [
      {
        file: 'replication/leader-loop.ts',
        find: 'this.#runtime.timers.endOfTurn(this.#turn)',
        replace: 'this.#runtime.timers.after(1, this.#turn)',
      },
    ],
  },
]
