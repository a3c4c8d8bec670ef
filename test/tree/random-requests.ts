import fc from 'fast-check'
import { OpCode } from '../../src/wire/opcodes.ts'
import { createBody, deleteBody, type Harness, multiBody, noBody, op, setDataBody } from './harness.ts'

/** A request of a random list: which of the sessions asks, and what. */
export type RandomRequest =
  | { kind: 'create'; session: number; path: string; flags: number; data: string }
  | { kind: 'delete'; session: number; path: string; version: number }
  | { kind: 'setData'; session: number; path: string; data: string; version: number }
  | { kind: 'multi'; session: number; operations: MultiPart[] }
  | { kind: 'newSession' }
  | { kind: 'closeSession'; session: number }

export type MultiPart =
  | { kind: 'create'; path: string; flags: number }
  | { kind: 'delete'; path: string; version: number }
  | { kind: 'setData'; path: string; data: string; version: number }
  | { kind: 'check'; path: string; version: number }

// Few names, so that requests meet.
const path = fc.constantFrom('/a', '/b', '/a/a', '/a/b', '/b/a', '/a/a/a', '/a/s', '/b/s0000000001')
const version = fc.constantFrom(-1, -1, -1, 0, 1, 2)
const data = fc.string({ maxLength: 4 })
const flags = fc.constantFrom(0, 0, 0, 1, 2, 3)
const session = fc.nat(3)

const parts: fc.Arbitrary<MultiPart> = fc.oneof(
  fc.record({ kind: fc.constant('create' as const), path, flags }),
  fc.record({ kind: fc.constant('delete' as const), path, version }),
  fc.record({ kind: fc.constant('setData' as const), path, data, version }),
  fc.record({ kind: fc.constant('check' as const), path, version }),
)

export const randomRequest: fc.Arbitrary<RandomRequest> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('create' as const), session, path, flags, data }) },
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

/** Executes one request for the harness' sessions (ids known to the caller), without applying. */
export function sendRandom(h: Harness, request: RandomRequest, sessions: readonly number[]): void {
  const idOf = (index: number) => sessions[index % sessions.length] ?? 0
  switch (request.kind) {
    case 'create':
      h.send(OpCode.create, createBody(request.path, request), { session: idOf(request.session) })
      return
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
  }
}

const newSessionBody = Buffer.from(`00002710${'00000010'}${'07'.repeat(16)}00000000`, 'hex')

function partOf(part: MultiPart) {
  switch (part.kind) {
    case 'create':
      return op.create(part.path, part.flags)
    case 'delete':
      return op.delete(part.path, part.version)
    case 'setData':
      return op.setData(part.path, part.data, part.version)
    case 'check':
      return op.check(part.path, part.version)
  }
}
