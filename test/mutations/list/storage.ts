import type { Mutation } from '../mutation.ts'

/** Bugs in the log, the snapshots, the state file and the recovery from them. */
export const storageMutations: readonly Mutation[] = [
  {
    name: 'log-not-synced',
    breaks: 'the log reports records as durable that are only written: a power failure takes them back',
    noticedBy: ['acknowledged means durable on a quorum', 'linearizability'],
    edits: [
      {
        file: 'storage/log.ts',
        find: 'await file.writeDurably(written, segment.bytes)',
        replace: 'await file.write(written, segment.bytes)',
      },
    ],
  },
  {
    name: 'failed-sync-ignored',
    breaks: 'the log goes on after a sync that has failed, as if the records were durable',
    noticedBy: ['acknowledged means durable on a quorum', 'linearizability', 'server stopped'],
    edits: [
      {
        file: 'storage/log.ts',
        find: '      await file.writeDurably(written, segment.bytes)\n',
        replace: `      await file.write(written, segment.bytes)
      await file.sync().catch(() => {})
`,
      },
    ],
  },
  {
    name: 'state-file-not-synced',
    breaks: 'the state file gets its name before its content is durable: a power failure can leave it empty',
    noticedBy: ['server stopped', 'one leader per epoch'],
    edits: [
      {
        file: 'storage/state-file.ts',
        find: `    await file.write([encodeStateFile(state)], 0)
    await file.sync()`,
        replace: '    await file.write([encodeStateFile(state)], 0)',
      },
    ],
  },
  {
    name: 'rename-not-synced',
    breaks:
      'a promise counts as kept while its file’s new name is not durable: a power failure takes it back',
    noticedBy: ['one leader per epoch', 'promised epochs never go down', 'liveness'],
    edits: [
      {
        file: 'storage/state-file.ts',
        find: `  await disk.rename(building(path), path)
  await disk.syncFolder(folder)`,
        replace: '  await disk.rename(building(path), path)',
      },
    ],
  },
  {
    name: 'torn-tail-kept',
    breaks: 'a start takes a record of the log that is cut short or torn for a whole one',
    noticedBy: ['server stopped', 'equal digest at equal zxid'],
    edits: [
      {
        file: 'storage/record.ts',
        find: ' && checksumOf(source, at + 8, end) === u32(source, at + 4)',
        replace: '',
      },
    ],
  },
  {
    name: 'purged-too-early',
    breaks: 'a new snapshot takes the log behind it along: there is no way from the snapshot to the present',
    noticedBy: ['server stopped'],
    edits: [
      {
        file: 'storage/purge.ts',
        find: `    (view.segments[segments]?.last ?? Number.POSITIVE_INFINITY) <= covered`,
        replace: `    (view.segments[segments]?.last ?? Number.POSITIVE_INFINITY) > 0`,
      },
    ],
  },
  {
    name: 'snapshot-of-many-zxids',
    breaks: 'a snapshot holds each node as it was when the walk came by, and not all as of one transaction',
    noticedBy: ['server stopped', 'liveness'],
    edits: [
      {
        file: 'tree/snapshot-walk.ts',
        find: '    this.#tree.watcher = this\n',
        replace: '',
      },
    ],
  },
  {
    name: 'kept-content-overwritten',
    breaks: 'new data of a large node are written over those that a snapshot under way has yet to save',
    noticedBy: ['server stopped', 'liveness'],
    edits: [
      {
        file: 'tree/node-store.ts',
        find: '    if (this.#isKept(node)) this.#move(node, bytes)\n    else if',
        replace: '    if',
      },
    ],
  },
  {
    name: 'answers-lost-by-snapshot',
    breaks: 'a snapshot leaves out the answers that are kept for clients that ask again',
    noticedBy: ['server stopped', 'exactly once'],
    edits: [
      {
        file: 'tree/snapshot-load.ts',
        find: '    session.answers.push(...(reader.vector(readAnswer) ?? []))',
        replace: '    reader.vector(readAnswer)',
      },
    ],
  },
  {
    name: 'answers-lost-by-snapshot-unchecked',
    breaks:
      'the same, and the state that is loaded is not compared with the digest that the snapshot was made with',
    noticedBy: ['equal digest at equal zxid', 'linearizability'],
    edits: [
      {
        file: 'tree/snapshot-load.ts',
        find: '    session.answers.push(...(reader.vector(readAnswer) ?? []))',
        replace: '    reader.vector(readAnswer)',
      },
      {
        file: 'tree/snapshot-load.ts',
        find: 'if (this.#digest.toString() !== expected) {',
        replace: 'if (expected === "") {',
      },
    ],
  },
]
