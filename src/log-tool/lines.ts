import { describeTxn, type TxnChange, type TxnDescription } from '../tree/describe-txn.ts'
import { counterOf, epochOf, type Zxid } from '../tree/zxid.ts'
import { DecodeError } from '../wire/decode-error.ts'
import type { Line, Printer } from './printer.ts'
import type { SegmentEntry } from './segment-entries.ts'

/** Epoch and counter apart: 0x2:1f. */
export const shown = (zxid: Zxid): string => `0x${epochOf(zxid).toString(16)}:${counterOf(zxid).toString(16)}`
const hex = (id: number): string => `0x${id.toString(16)}`
const time = (ms: number): string => new Date(ms).toISOString()

type Paint = Printer['paint']

/** One line for what stands at one place of a log file; null for what only programs and the curious care for. */
export function entryLine(entry: SegmentEntry, path: string, paint: Paint): Line {
  switch (entry.kind) {
    case 'header': {
      const { version, previous, first } = entry.header
      return {
        text: paint.dim(
          `  offset 0: log file, format ${version}, follows ${shown(previous)}, begins with ${shown(first)}`,
        ),
        json: { type: 'segment', file: path, version, previous: shown(previous), first: shown(first) },
      }
    }
    case 'mark':
      return {
        text: paint.dim(`  offset ${entry.offset}: group, committed up to ${shown(entry.commit)}`),
        json: { type: 'group', file: path, offset: entry.offset, commit: shown(entry.commit) },
      }
    case 'record':
      return recordLine(entry, path, paint)
    case 'gap':
      return gapLine(entry, path, paint)
  }
}

function recordLine(entry: Extract<SegmentEntry, { kind: 'record' }>, path: string, paint: Paint): Line {
  const { zxid, commit, offset, bytes } = entry
  const place = { type: 'transaction', zxid: shown(zxid), commit: shown(commit), file: path, offset, bytes }
  const txn = described(entry.payload)
  if (typeof txn === 'string') {
    return {
      text: `${shown(zxid)}  ${paint.red(`not readable: ${txn}`)}  ${paint.dim(`${bytes} B at ${offset}`)}`,
      json: { ...place, problem: txn },
    }
  }
  const { kind, session, server, number, wallMs, error, timeoutMs, changes } = txn
  const what = [
    error === null ? paint.cyan(kind) : paint.yellow(`${kind} ${error}`),
    ...(changes === null
      ? [changeText(txn)]
      : [`(${changes.map((change) => `${change.kind} ${changeText(change)}`).join(', ')})`]),
    ...(timeoutMs === null ? [] : [`timeout ${timeoutMs} ms`]),
  ].filter((word) => word !== '')
  const of =
    session === 0
      ? kind === 'createSession'
        ? `session ${hex(zxid)}`
        : 'by the leader'
      : `session ${hex(session)}`
  const tail = paint.dim(`${bytes} B at ${offset}, commit ${shown(commit)}`)
  return {
    text: `${shown(zxid)}  ${time(wallMs)}  ${what.join(' ')}  ${of}  ${tail}`,
    json: {
      ...place,
      kind,
      path: txn.path,
      dataBytes: txn.dataBytes,
      session: hex(session === 0 && kind === 'createSession' ? zxid : session),
      time: time(wallMs),
      origin: { server, number },
      ...(error === null ? {} : { error }),
      ...(timeoutMs === null ? {} : { timeoutMs }),
      ...(changes === null ? {} : { changes }),
    },
  }
}

/** What a transaction says; in words why it cannot be read. */
function described(payload: Buffer): TxnDescription | string {
  try {
    return describeTxn(payload)
  } catch (error) {
    if (error instanceof DecodeError) return error.message
    throw error
  }
}

function changeText({ path, dataBytes }: TxnChange): string {
  if (path === null) return ''
  return dataBytes === null ? path : `${path} (${dataBytes} B)`
}

function gapLine(entry: Extract<SegmentEntry, { kind: 'gap' }>, path: string, paint: Paint): Line {
  const { gap, offset, to, found } = entry
  const json = { type: gap, file: path, offset, to, found }
  if (gap === 'free')
    return { text: paint.dim(`  offset ${offset}: ${to - offset} bytes free, ${found}`), json }
  if (gap === 'torn') {
    const text = `  offset ${offset}: torn end of ${to - offset} bytes (${found}): a start cuts it off; it was never acknowledged`
    return { text: paint.yellow(text), json }
  }
  const upTo = to > offset ? `, readable again from ${to}` : ''
  return { text: paint.red(`  DAMAGED at ${path}, offset ${offset}: found ${found}${upTo}`), json }
}
