import fc from 'fast-check'
import type { MultiOperation } from '../../src/wire/multi.ts'
import { OpCode } from '../../src/wire/opcodes.ts'
import {
  createBody,
  createTtlBody,
  deleteBody,
  type Harness,
  multiBody,
  noBody,
  op,
  openAcl,
  setDataBody,
} from './harness.ts'
import type { NaiveCreate } from './naive-tree.ts'

/** A request of a random list: which of the sessions asks, and what. */
export type RandomRequest =
  | ({ kind: 'create'; session: number } & NaiveCreate)
  | { kind: 'delete'; session: number; path: string; version: number }
  | { kind: 'setData'; session: number; path: string; data: string; version: number }
  | { kind: 'multi'; session: number; operations: MultiPart[] }
  | { kind: 'newSession' }
  | { kind: 'closeSession'; session: number }

/** What the leader itself asks, about the state that it has applied. */
export interface RandomReap {
  kind: 'reap'
  path: string
  neverUsedMs: number
}

export type MultiPart =
  | ({ kind: 'create' } & NaiveCreate)
  | { kind: 'delete'; path: string; version: number }
  | { kind: 'setData'; path: string; data: string; version: number }
  | { kind: 'check'; path: string; version: number }
  /** An operation that no multi may have. */
  | { kind: 'exists'; path: string }

// Few names, so that requests meet; some that are no paths, or only with a number behind them.
const good = fc.constantFrom('/a', '/b', '/a/a', '/a/b', '/b/a', '/a/a/a', '/a/s', '/b/s0000000001')
const odd = fc.constantFrom('/', '', 'a', '/a/', '/b//a', '/a/.', '/zookeeper', '/a\0')
const path = fc.oneof({ weight: 12, arbitrary: good }, { weight: 1, arbitrary: odd })
const version = fc.constantFrom(-1, -1, -1, 0, 1, 2, -2)
const data = fc.string({ maxLength: 4 })
const session = fc.nat(3)

/** Kinds as clients ask for them, and mixtures of opcode and flags that none should ask for. */
const kind = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom({ opcode: OpCode.create, flags: 0, ttlMs: 0 }) },
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      { opcode: OpCode.create, flags: 1, ttlMs: 0 },
      { opcode: OpCode.create, flags: 2, ttlMs: 0 },
      { opcode: OpCode.create2, flags: 3, ttlMs: 0 },
      { opcode: OpCode.createContainer, flags: 4, ttlMs: 0 },
      { opcode: OpCode.createTtl, flags: 5, ttlMs: 30 },
      { opcode: OpCode.createTtl, flags: 6, ttlMs: 300 },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      opcode: fc.constantFrom(OpCode.create, OpCode.create2, OpCode.createContainer, OpCode.createTtl),
      flags: fc.integer({ min: -1, max: 7 }),
      ttlMs: fc.constantFrom(-1, 0, 30, 2 ** 40),
    }),
  },
)
const create = fc
  .record({ path, data, kind })
  .map(({ kind: { opcode, flags, ttlMs }, ...rest }): NaiveCreate => ({ ...rest, opcode, flags, ttlMs }))

const parts: fc.Arbitrary<MultiPart> = fc.oneof(
  { weight: 4, arbitrary: create.map((what) => ({ kind: 'create' as const, ...what })) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('delete' as const), path, version }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('setData' as const), path, data, version }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('check' as const), path, version }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('exists' as const), path }) },
)

export const randomRequest: fc.Arbitrary<RandomRequest> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(create, session).map(([what, asker]) => ({
      kind: 'create' as const,
      session: asker,
      ...what,
    })),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), session, path, version }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('setData' as const), session, path, data, version }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('multi' as const),
      session,
      operations: fc.array(parts, { maxLength: 5 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'newSession' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('closeSession' as const), session }) },
)

const plain = {
  kind: 'create' as const,
  session: 0,
  data: '',
  opcode: OpCode.create as number,
  flags: 0,
  ttlMs: 0,
}

/** One node that the leader may remove, its children, its data, and the leader: they meet in every way. */
export const randomLife: fc.Arbitrary<RandomRequest | RandomReap> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ ...plain, path: '/a', opcode: OpCode.createContainer, flags: 4 }) },
  {
    weight: 2,
    arbitrary: fc.constant({ ...plain, path: '/a', opcode: OpCode.createTtl, flags: 5, ttlMs: 15 }),
  },
  { weight: 2, arbitrary: fc.constant({ ...plain, path: '/a/b' }) },
  { weight: 1, arbitrary: fc.constant({ ...plain, path: '/a' }) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom('/a', '/a/b', '/a/b')
      .map((at) => ({ kind: 'delete' as const, session: 0, path: at, version: -1 })),
  },
  {
    weight: 2,
    arbitrary: fc.constant({ kind: 'setData' as const, session: 0, path: '/a', data: 'x', version: -1 }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('reap' as const),
      path: fc.constant('/a'),
      neverUsedMs: fc.constantFrom(0, 20),
    }),
  },
)

/** Executes one request for the harness' sessions (ids known to the caller), without applying. */
export function sendRandom(
  h: Harness,
  request: RandomRequest | RandomReap,
  sessions: readonly number[],
): void {
  const idOf = (index: number) => sessions[index % sessions.length] ?? 0
  switch (request.kind) {
    case 'create': {
      const { path: at, data: content, opcode, flags, ttlMs } = request
      const body =
        opcode === OpCode.createTtl
          ? createTtlBody(at, flags, ttlMs, content)
          : createBody(at, { data: content, flags })
      h.send(opcode, body, { session: idOf(request.session) })
      return
    }
    case 'delete':
      h.send(OpCode.delete, deleteBody(request.path, request.version), { session: idOf(request.session) })
      return
    case 'setData':
      h.send(OpCode.setData, setDataBody(request.path, request.data, request.version), {
        session: idOf(request.session),
      })
      return
    case 'multi':
      h.send(OpCode.multi, multiBody(request.operations.map(partOf)), { session: idOf(request.session) })
      return
    case 'newSession':
      h.send(OpCode.createSession, newSessionBody)
      return
    case 'closeSession':
      h.send(OpCode.closeSession, noBody, { session: idOf(request.session) })
      return
    case 'reap':
      if (h.state.tree.find(request.path) !== undefined) h.reap(request.path, request.neverUsedMs)
  }
}

const newSessionBody = Buffer.from(`00002710${'00000010'}${'07'.repeat(16)}00000000`, 'hex')

function partOf(part: MultiPart): MultiOperation {
  switch (part.kind) {
    case 'create': {
      const { path: at, data: content, opcode, flags, ttlMs } = part
      const rest = { path: at, data: Buffer.from(content), acl: openAcl, flags }
      if (opcode === OpCode.createTtl) return { type: OpCode.createTtl, ...rest, ttlMs }
      return { type: opcode as typeof OpCode.create, ...rest }
    }
    case 'delete':
      return op.delete(part.path, part.version)
    case 'setData':
      return op.setData(part.path, part.data, part.version)
    case 'check':
      return op.check(part.path, part.version)
    case 'exists':
      return { type: OpCode.exists, path: part.path, watch: false } as unknown as MultiOperation
  }
}
