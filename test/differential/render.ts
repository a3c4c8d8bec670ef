import type { Value } from './decode.ts'
import type { Names } from './names.ts'
import { configPath, type Field, type Request, type Step, type Text } from './program.ts'
import type { NodeRecord, Seen } from './transcript.ts'

/** How much of a long value is shown. The length is shown as well, so that no two that differ in it look the same. */
const shownMax = 200

/** One line that is equal in both runs if what was seen is equal. */
export function renderSeen(seen: Seen, step: Step, names: Names): string {
  switch (seen.is) {
    case 'reply': {
      const request = step.kind === 'send' ? step.requests[seen.request] : undefined
      const ops = request?.fields.flatMap((field) => ('ops' in field ? field.ops : [])) ?? []
      const body = seen.body.map((value, i) => renderValue(value, ops[i] ?? request, names)).join(' ')
      return `reply ${seen.request} ${seen.name}: error ${seen.errorCode} zxid ${names.zxid(seen.zxid)} ${body}`.trimEnd()
    }
    case 'event':
      return `event ${seen.type} ${quoted(seen.path)} state ${seen.state} error ${seen.errorCode} zxid ${names.zxid(seen.zxid)}`
    case 'attached':
      return `attached: ${names.session(seen.sessionId)} timeout ${seen.timeoutMs} password ${seen.password} readOnly ${seen.readOnly || 'absent'} protocol ${seen.protocol}`
    case 'stray':
      return `stray reply: xid ${seen.xid} error ${seen.errorCode} zxid ${names.zxid(seen.zxid)}`
    case 'closed':
      return 'closed by the server'
    case 'skipped':
      return 'skipped'
    case 'superseded':
      return `session taken over on ${seen.sameServer ? 'the same' : 'another'} server: ${seen.closed ? 'closed' : 'still open'}`
  }
}

export function renderNode({ path, data, acl, stat }: NodeRecord, names: Names): string {
  return `${quoted(path)} data ${renderData(path, data)} acl ${entries(acl)} ${names.stat(path, stat)}`
}

/** ZooKeeper keeps the membership in one node, Banyan does not: "The data of `/zookeeper/config`". */
function renderData(path: string | null, data: string | null): string {
  return path === configPath ? '(membership)' : quoted(data)
}

function renderValue(value: Value, request: Request | undefined, names: Names): string {
  switch (value.is) {
    case 'text':
      return quoted(value.value)
    case 'data':
      return renderData(pathOf(request), value.value)
    case 'int':
      return String(value.value)
    case 'stat':
      // What is made is never one of those that outlive programs, whatever the request was about.
      return `{${names.stat(request?.name.startsWith('create') ? null : pathOf(request), value.value)}}`
    case 'texts': {
      if (value.value === null) return 'null'
      const texts = value.value.map(quoted)
      return `[${(value.ordered ? texts : texts.sort()).join(' ')}]`
    }
    case 'acl':
      return entries(value.value)
    case 'result':
      return `(${value.opcode} ${value.errorCode} ${value.value.map((part) => renderValue(part, request, names)).join(' ')})`
    case 'rest':
      return `rest ${value.value}`
  }
}

/** Entries that one `auth` entry has become stand in no promised order, and look like a run of digests with equal permissions. */
function entries(acl: readonly string[] | null): string {
  if (acl === null) return 'null'
  const shown: string[] = []
  let run: string[] = []
  for (const entry of acl) {
    const head = run[0]
    if (head !== undefined && digestPerms(head) === digestPerms(entry)) run.push(entry)
    else {
      shown.push(...run.sort())
      run = [entry]
      if (digestPerms(entry) === null) shown.push(...run.splice(0))
    }
  }
  return `[${[...shown, ...run.sort()].join(', ')}]`
}

function digestPerms(entry: string): string | null {
  return /^(-?\d+) digest:/.exec(entry)?.[1] ?? null
}

function quoted(text: string | null): string {
  if (text === null) return 'null'
  if (text.length <= shownMax) return JSON.stringify(text)
  return `${JSON.stringify(text.slice(0, shownMax))}... of ${text.length}`
}

export function renderStep(step: Step): string {
  switch (step.kind) {
    case 'send':
      return `client ${step.on} sends ${step.requests.map(renderRequest).join(' ; ')}`
    case 'hangUp':
      return `client ${step.on} hangs up`
    case 'connect': {
      const session = typeof step.session === 'string' ? step.session : `that of client ${step.session.of}`
      return `client ${step.on} connects to server ${step.server}: session ${session}, password ${step.password}, timeout ${step.timeoutMs}, readOnly ${step.readOnly}, last zxid ${step.lastZxid}`
    }
  }
}

function renderRequest({ name, fields, cut, extra, xid }: Request): string {
  const notes = [
    cut === undefined ? '' : ` cut to ${cut}`,
    extra === undefined ? '' : ` and ${extra} bytes more`,
    xid === undefined ? '' : ` with xid ${xid}`,
  ].join('')
  return `${name}(${fields.map(renderField).join(', ')})${notes}`
}

function renderField(field: Field): string {
  if ('text' in field) return shownText(field.text)
  if ('bytes' in field) return quoted(field.bytes)
  if ('bool' in field) return field.bool === 0 ? 'false' : 'true'
  if ('int' in field) return String(field.int)
  if ('long' in field) return `${field.long}n`
  if ('zxidBefore' in field) return `zxid before step ${field.zxidBefore}`
  if ('texts' in field) return field.texts === null ? 'null' : `[${field.texts.map(shownText).join(' ')}]`
  if ('acl' in field) {
    if (field.acl === null) return 'acl null'
    return `acl [${field.acl.map(({ perms, scheme, id }) => `${perms} ${shownText(scheme)}:${shownText(id)}`).join(', ')}]`
  }
  return `{ ${field.ops.map(renderRequest).join(' ; ')} }${field.open === true ? ' without an end' : ''}`
}

function shownText(text: Text): string {
  return text === null || typeof text === 'string' ? quoted(text) : `bytes ${text.hex}`
}

/** The path that a request is about. */
export function pathOf(request: Request | undefined): string | null {
  const first = request?.fields[0]
  return first !== undefined && 'text' in first && typeof first.text === 'string' ? first.text : null
}
