import { epochMax } from '../tree/zxid.ts'
import type { FixedType } from './fixed-layouts.ts'
import type { ReplicationMessage } from './messages.ts'

/**
 * The shape of every packed message, in one place; the others' is their layout (see `fixed-layouts.ts`). What a stranger or a
 * damaged link sends is checked against it once, at the gate; everything behind it trusts the types.
 */
type FieldCheck = (value: unknown) => boolean

const wholeUpTo =
  (max: number): FieldCheck =>
  (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max

const whole = wholeUpTo(Number.MAX_SAFE_INTEGER)
const zxid = whole
const epoch = wholeUpTo(epochMax)
/** There must be a later epoch for a leader to take. */
const promise = wholeUpTo(epochMax - 1)
const server = wholeUpTo(255)
const serverOrNull: FieldCheck = (value) => value === null || server(value)
const flag: FieldCheck = (value) => typeof value === 'boolean'
const bytes: FieldCheck = (value) => Buffer.isBuffer(value)
const ensembleId: FieldCheck = (value) => typeof value === 'string' && /^[0-9a-f]{32}$/.test(value)
const ensembleIdOrNull: FieldCheck = (value) => value === null || ensembleId(value)
const oneOf =
  (...names: string[]): FieldCheck =>
  (value) =>
    typeof value === 'string' && names.includes(value)
const listOf =
  (check: FieldCheck, lengthMax: number): FieldCheck =>
  (value) =>
    Array.isArray(value) && value.length <= lengthMax && value.every(check)

const condition = oneOf('fresh', 'provisional', 'founded')
const counter = wholeUpTo(2 ** 32 - 1)

/** More epochs than this are not told: what lies further back is synchronized by a snapshot. */
export const summaryEpochsMax = 10_000

const summaryPairs = listOf(
  (pair) => Array.isArray(pair) && pair.length === 2 && epoch(pair[0]) && counter(pair[1]) && pair[1] > 0,
  summaryEpochsMax,
)
const summary: FieldCheck = (value) => {
  if (!summaryPairs(value)) return false
  const pairs = value as [number, number][]
  return pairs.every(([epoch], i) => epoch > (pairs[i - 1]?.[0] ?? -1))
}

const statusFields: Record<string, FieldCheck> = {
  state: oneOf('looking', 'candidate', 'joining', 'following', 'leading'),
  serving: flag,
  leader: serverOrNull,
  epoch,
  promisedEpoch: promise,
  condition,
  lastZxid: zxid,
  logStartZxid: zxid,
  seesQuorum: flag,
  stands: flag,
}

type Fields = Record<string, FieldCheck>

type PackedType = Exclude<ReplicationMessage['type'], FixedType>

const messageFields: Record<PackedType, Fields> = {
  hello: {
    from: server,
    to: server,
    members: listOf(server, 255),
    ensembleId: ensembleIdOrNull,
    founded: flag,
  },
  // Its fields are those of its status.
  heartbeat: statusFields,
  election: {},
  alive: { stands: flag },
  coordinator: { leader: server, established: flag },
  join: { promisedEpoch: promise, condition, ensembleId: ensembleIdOrNull },
  ackEpoch: { epoch, counts: flag, currentEpoch: epoch, lastZxid: zxid, summary },
  adopted: { lastZxid: zxid },
  ackLeader: { epoch, zxid },
  crown: {},
  historyStart: { full: flag, common: zxid },
  historySnapshot: { bytes },
  historyRecords: { bytes, lastZxid: zxid },
  historyEnd: { lastZxid: zxid },
  notLeading: { leader: serverOrNull },
  newEpoch: { epoch },
  fetch: { summary },
  newLeader: { epoch, lastZxid: zxid, ensembleId, founded: flag, counted: flag },
  established: { epoch, commit: zxid, ensembleId },
  handOver: { successor: server },
}

/** What is wrong with a decoded body, or null. */
export function invalidMessage(body: unknown): string | null {
  if (typeof body !== 'object' || body === null) return 'not a message'
  const fields = body as Record<string, unknown>
  const type = fields['type']
  if (typeof type !== 'string' || !Object.hasOwn(messageFields, type)) return `unknown type ${shown(type)}`
  // A round has a layout, and what answers it trusts that.
  if (type === 'heartbeat' && 'round' in fields) return `heartbeat.round is ${shown(fields['round'])}, packed`
  if (type === 'heartbeat') return invalidFields('heartbeat.status', fields['status'], statusFields)
  return invalidFields(type, fields, messageFields[type as PackedType])
}

function invalidFields(where: string, value: unknown, checks: Fields): string | null {
  if (typeof value !== 'object' || value === null) return `${where} is not an object`
  const fields = value as Record<string, unknown>
  for (const name in checks) {
    if (checks[name]?.(fields[name]) !== true) return `${where}.${name} is ${shown(fields[name])}`
  }
  return null
}

/**
 * For the log. Only plain values are spelt out: what came in may be anything, of any size, and turning it into text must
 * neither throw (a bigint or a cycle in JSON, an object whose `toString` is not a function) nor take long.
 */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60))
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  return String(value)
}
