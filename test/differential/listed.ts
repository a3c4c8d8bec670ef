import { ErrorCode } from '../../src/wire/error-codes.ts'
import { OpCode } from '../../src/wire/opcodes.ts'
import type { Value } from './decode.ts'
import { isKnown } from './known-opcodes.ts'
import type { Names } from './names.ts'
import type { Program, Request, Step } from './program.ts'
import type { Seen, Transcript } from './transcript.ts'

/** What each side showed at one place; undefined where it showed nothing. */
export interface Pair {
  readonly theirs: Seen | undefined
  readonly ours: Seen | undefined
}

export interface Context {
  readonly step: Step
  readonly client: number
  /** What the reply of theirs answers. */
  readonly request: Request | undefined
  /** All that our side showed in this step, by client. */
  readonly ourStep: ReadonlyMap<number, readonly Seen[]>
  readonly theirNames: Names
  readonly ourNames: Names
  readonly render: (seen: Seen, names: Names) => string
}

/** A difference that stays; why is told in docs/divergences.md under the same name. */
export interface Listed {
  readonly name: string
  readonly explains: (pair: Pair, context: Context) => boolean
}

/** Those that are dealt with by how values are named and shown. */
export const listedElsewhere = ['The data of `/zookeeper/config`', 'An undecodable request'] as const

const movedSession: Listed = {
  name: 'A session that moves',
  explains: ({ theirs, ours }) =>
    theirs?.is === 'superseded' && ours?.is === 'superseded' && !theirs.sameServer && ours.closed,
}

export const listed: readonly Listed[] = [
  {
    name: 'Watch events tell the zxid',
    explains: ({ theirs, ours }, { ourStep }) =>
      theirs?.is === 'event' &&
      ours?.is === 'event' &&
      theirs.zxid === -1n &&
      isSame(theirs, { ...ours, zxid: theirs.zxid }) &&
      repliesIn(ourStep).some(({ zxid }) => zxid === ours.zxid),
  },
  {
    name: '`exists` needs READ',
    explains: (pair) => answers(pair, OpCode.exists, ErrorCode.ok, ErrorCode.noAuth),
  },
  {
    name: 'A multi with wrong create flags or no access control list',
    explains: (pair, { request }) =>
      answers(pair, OpCode.multi, ErrorCode.ok, ErrorCode.marshallingError) &&
      pair.theirs?.is === 'reply' &&
      hasFailed(pair.theirs.body) &&
      operations(request).some(isRefusedAsAWhole),
  },
  {
    name: 'Characters beyond U+FFFF',
    explains: ({ theirs, ours }, { render, theirNames, ourNames }) =>
      theirs !== undefined &&
      ours !== undefined &&
      render(theirs, theirNames) === render(ours, ourNames).replaceAll(astral, undecodable),
  },
  {
    name: 'Several watches of one client on one path',
    explains: (pair, { request }) => {
      const [, type] = request?.fields ?? []
      if (type === undefined || !('int' in type) || request?.opcode !== OpCode.checkWatches) return false
      const persistent = type.int === 4 || type.int === 5
      return persistent
        ? answers(pair, OpCode.checkWatches, ErrorCode.marshallingError, ErrorCode.noWatcher) ||
            answers(pair, OpCode.checkWatches, ErrorCode.marshallingError, ErrorCode.ok)
        : answers(pair, OpCode.checkWatches, ErrorCode.ok, ErrorCode.noWatcher)
    },
  },
  {
    name: 'Unknown opcodes',
    explains: ({ theirs, ours }, { step }) =>
      theirs?.is === 'closed' &&
      ours === undefined &&
      step.kind === 'send' &&
      step.requests.some(({ opcode }) => !isKnown(opcode)),
  },
  {
    name: 'create2 inside a multi',
    explains: ({ theirs, ours }, { request, render, theirNames, ourNames }) =>
      theirs?.is === 'reply' &&
      ours?.is === 'reply' &&
      theirs.opcode === OpCode.multi &&
      render(theirs, theirNames) ===
        render({ ...ours, body: withoutStatsOfCreate2(ours, request) }, ourNames),
  },
  movedSession,
  {
    name: 'A session that moves',
    explains: ({ theirs, ours }, { step }) =>
      theirs?.is === 'superseded' &&
      ours?.is === 'superseded' &&
      theirs.closed &&
      !ours.closed &&
      step.kind === 'connect' &&
      step.password !== 'right',
  },
]

const astral = '\u{1f600}'
/** What is left of a surrogate pair whose halves were encoded one by one. */
const undecodable = '\ufffd'.repeat(6)

/**
 * ZooKeeper 3.8 spends a zxid on a single write that it cannot decode, later ones do not: "Zxids of requests that cannot be
 * decoded". A decoded one that then fails for its nulls takes one everywhere.
 */
function spentByUndecodable(program: Program, { steps }: Transcript): bigint[] {
  const spent = new Set<bigint>()
  for (const [i, { seen }] of steps.entries()) {
    const step = program.steps[i]
    if (step?.kind !== 'send') continue
    for (const one of [...seen.values()].flat()) {
      if (one.is !== 'reply' || one.errorCode !== ErrorCode.marshallingError) continue
      const isCut = step.requests[one.request]?.cut !== undefined
      if (isCut && singleWrites.has(one.opcode)) spent.add(one.zxid)
    }
  }
  return [...spent]
}

const singleWrites = new Set<number>([
  OpCode.create,
  OpCode.create2,
  OpCode.createContainer,
  OpCode.createTtl,
  OpCode.delete,
  OpCode.setData,
  OpCode.setAcl,
])

function withoutStatsOfCreate2({ body }: Seen & { is: 'reply' }, request: Request | undefined): Value[] {
  const ops = operations(request)
  return body.map((value, i) =>
    value.is === 'result' && value.opcode === OpCode.create2 && ops[i]?.opcode === OpCode.create2
      ? { ...value, opcode: OpCode.create, value: value.value.slice(0, 1) }
      : value,
  )
}

function hasFailed(results: readonly Value[]): boolean {
  return results.some((result) => result.is === 'result' && result.errorCode !== 0)
}

/** An operation because of which later releases do not decode a multi. */
function isRefusedAsAWhole({ opcode, fields }: Request): boolean {
  const [, , acl, flags] = fields
  if (acl === undefined || !('acl' in acl) || flags === undefined || !('int' in flags)) return false
  const isTtlMode = flags.int === 5 || flags.int === 6
  return acl.acl === null || flags.int < 0 || flags.int > 6 || (isTtlMode && opcode !== OpCode.createTtl)
}

function operations(request: Request | undefined): readonly Request[] {
  return request?.fields.flatMap((field) => ('ops' in field ? field.ops : [])) ?? []
}

function answers({ theirs, ours }: Pair, opcode: number, theirError: number, ourError: number): boolean {
  return (
    theirs?.is === 'reply' &&
    ours?.is === 'reply' &&
    theirs.opcode === opcode &&
    theirs.request === ours.request &&
    theirs.errorCode === theirError &&
    ours.errorCode === ourError
  )
}

function isSame(theirs: Seen, ours: Seen): boolean {
  return JSON.stringify(theirs, bigintAsText) === JSON.stringify(ours, bigintAsText)
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}

function repliesIn(step: ReadonlyMap<number, readonly Seen[]>): (Seen & { is: 'reply' })[] {
  return [...step.values()].flat().filter((seen) => seen.is === 'reply')
}

/** How two targets are expected to differ. */
export interface Expected {
  readonly listed: readonly Listed[]
  /** The zxids that the first side spends and the second does not. */
  readonly spent: (program: Program, transcript: Transcript) => bigint[]
}

export const expectedOfBanyan: Expected = {
  listed,
  spent: spentByUndecodable,
}

/** What ZooKeeper is held to beside another ZooKeeper. */
export const noDifference: Expected = {
  // Whether the old connection is closed depends on which of the servers leads.
  listed: [
    {
      ...movedSession,
      explains: ({ theirs, ours }) =>
        theirs?.is === 'superseded' && ours?.is === 'superseded' && !theirs.sameServer,
    },
  ],
  spent: () => [],
}
