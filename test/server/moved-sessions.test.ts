import { describe, expect, test } from 'vitest'
import {
  attachMessage,
  type LeaderMessages,
  movedMessage,
  readServerMessage,
  type ServerMessages,
  TouchMessage,
} from '../../src/server/sessions/session-messages.ts'
import { encodeRequest, RequestEnvelope } from '../../src/tree/request.ts'
import { JuteWriter } from '../../src/wire/jute-writer.ts'
import { OpCode } from '../../src/wire/opcodes.ts'
import { Harness } from './client-side-harness.ts'
import { dataOf, type RawClient } from './raw-client.ts'

const sessionOf = (client: RawClient): { sessionId: number; password: Buffer } => {
  if (client.session === null) throw new Error('the client has no session')
  return client.session
}

/** What the leader has told another server, in words. */
function told(harness: Harness, to: number): string[] {
  const words: string[] = []
  const target: ServerMessages = {
    attached: (request, attachment) => words.push(`attached ${request} as ${attachment}`),
    refused: (request) => words.push(`refused ${request}`),
    moved: (sessionId, attachment) => words.push(`moved ${sessionId} to ${attachment}`),
  }
  for (const { server, message } of harness.replica.toOthers.splice(0)) {
    if (server === to) readServerMessage(message, target)
  }
  return words
}

const toldServer2 = (harness: Harness): string[] => told(harness, 2)

function touch(...[from, sessionId, attachment, timeoutMs]: Parameters<LeaderMessages['touch']>): {
  from: number
  message: Buffer
} {
  const message = new TouchMessage()
  message.add(sessionId, attachment, timeoutMs)
  return { from, message: message.take() as Buffer }
}

/** A write of the session, as another server forwards it. */
function setFrom2(path: string, data: string, sessionId: number, attachment: number, number: number): Buffer {
  const envelope = Object.assign(new RequestEnvelope(), {
    number,
    incarnation: 1,
    sessionId,
    attachment,
    requestId: 1,
    opcode: OpCode.setData,
  })
  const body = new JuteWriter().string(path).buffer(Buffer.from(data)).int(-1).take()
  const writer = new JuteWriter()
  encodeRequest(writer, envelope, body, 0, body.length)
  return writer.take()
}

describe('a session that moves, at the leader', () => {
  test('another server asks for it -> it gets a later attachment, the connection here is closed', async () => {
    const harness = await Harness.serving()
    const old = harness.client()
    const { sessionId, password } = sessionOf(old)
    harness.side.tree.onMessage(2, attachMessage(7, sessionId, 4000, password))
    expect(toldServer2(harness)).toEqual([`attached 7 as ${sessionId + 1}`])
    expect(old.connection.ended).toBe('orderly')
    expect(harness.side.sessions.size).toBe(0)
    expect(harness.side.state.sessions.size).toBe(1)
  })

  test('the client comes back here -> the other server is told, and its late write comes to nothing', async () => {
    const harness = await Harness.serving()
    const first = harness.client()
    const { sessionId, password } = sessionOf(first)
    first.ask(first.create('/x', 0, 'first'))
    harness.side.tree.onMessage(2, attachMessage(7, sessionId, 4000, password))
    toldServer2(harness)
    harness.replica.execute(2, setFrom2('/x', 'second', sessionId, sessionId + 1, 1))
    const back = harness.dial()
    back.connect({ sessionId, password })
    expect(toldServer2(harness)).toEqual([`moved ${sessionId} to ${sessionId + 2}`])
    expect(back.ask(back.get('/x')).map(dataOf)).toEqual(['second'])
    harness.replica.execute(2, setFrom2('/x', 'late', sessionId, sessionId + 1, 2))
    expect(back.ask(back.get('/x')).map(dataOf)).toEqual(['second'])
    expect(harness.side.state.doneNumber(2, 1)).toBe(2)
  })

  test('the client comes from server 0 -> that server is told as well', async () => {
    const harness = await Harness.serving()
    const first = harness.client()
    const { sessionId, password } = sessionOf(first)
    harness.side.tree.onMessage(0, attachMessage(7, sessionId, 4000, password))
    expect(told(harness, 0)).toEqual([`attached 7 as ${sessionId + 1}`])
    harness.dial().connect({ sessionId, password })
    expect(told(harness, 0)).toEqual([`moved ${sessionId} to ${sessionId + 2}`])
  })

  test('a server that does not know yet tells of the old connection -> told so, and the session is not kept alive by it', async () => {
    const harness = await Harness.serving()
    const client = harness.client({ timeoutMs: 4000 })
    const { sessionId, password } = sessionOf(client)
    const again = harness.dial()
    again.connect({ sessionId, password, timeoutMs: 4000 })
    for (let i = 0; i < 6; i++) {
      harness.time.pass(1000)
      const { from, message } = touch(2, sessionId, sessionId, 4000)
      if (harness.side.state.sessions.size > 0) harness.side.tree.onMessage(from, message)
    }
    expect(toldServer2(harness)).toContain(`moved ${sessionId} to ${sessionId + 1}`)
    expect(harness.side.state.sessions.size).toBe(0)
  })

  test('a new leader hears of the old connection first -> the later one still counts, and the old server is told', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    const { sessionId } = sessionOf(client)
    client.connection.destroy()
    harness.replica.adrift()
    harness.replica.lead()
    const announce = (from: number, attachment: number): void => {
      const { message } = touch(from, sessionId, attachment, 4000)
      harness.side.tree.onMessage(from, message)
    }
    announce(2, sessionId)
    expect(toldServer2(harness)).toEqual([])
    announce(3, sessionId + 1)
    expect(toldServer2(harness)).toEqual([`moved ${sessionId} to ${sessionId + 1}`])
    announce(2, sessionId)
    expect(toldServer2(harness)).toEqual([`moved ${sessionId} to ${sessionId + 1}`])
  })

  test('a later reign -> its attachments are above those of every earlier one', async () => {
    const harness = await Harness.serving()
    const { sessionId, password } = sessionOf(harness.client())
    harness.replica.adrift()
    harness.replica.lead()
    harness.side.tree.onMessage(2, attachMessage(7, sessionId, 4000, password))
    expect(toldServer2(harness)).toEqual([`attached 7 as ${2 * 2 ** 32 + 1}`])
  })
})

describe('a session that has moved, at the server before', () => {
  test('told so -> its connection is closed, the session lives', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    const { sessionId } = sessionOf(client)
    harness.side.onMessage(movedMessage(sessionId, sessionId + 1))
    expect(client.connection.ended).toBe('orderly')
    expect(client.frames()).toEqual([])
    expect(harness.side.state.sessions.size).toBe(1)
    expect(harness.side.metrics.movedClosed).toBe(1)
  })

  test('told of a move that is older than its connection -> nothing happens', async () => {
    const harness = await Harness.serving()
    const first = harness.client()
    const { sessionId, password } = sessionOf(first)
    const client = harness.dial()
    client.connect({ sessionId, password })
    harness.side.onMessage(movedMessage(sessionId, sessionId + 1))
    expect(client.connection.closed).toBe(false)
  })

  test('its write was ordered before the move -> done, though nobody hears the answer', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    const { sessionId, password } = sessionOf(client)
    harness.replica.committing = false
    client.send(client.create('/a'))
    harness.side.tree.onMessage(2, attachMessage(7, sessionId, 4000, password))
    expect(client.connection.ended).toBe('orderly')
    harness.commit()
    expect(harness.side.inFlight.count).toBe(0)
    expect(harness.side.state.tree.find('/a')).toBeDefined()
  })

  test('the leader changes with its writes in flight, and its client is elsewhere -> sent again, refused, closed', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    const { sessionId } = sessionOf(client)
    client.ask(client.create('/x', 0, 'first'))
    harness.replica.losing = true
    client.send(client.set('/x', 'late'), client.close())
    harness.replica.losing = false
    // The client wrote at another server, and has its answer.
    harness.replica.execute(2, setFrom2('/x', 'second', sessionId, sessionId + 1, 1))
    harness.replica.adrift()
    harness.replica.lead()
    harness.time.endTurns()
    expect(client.connection.ended).toBe('orderly')
    expect(client.frames()).toEqual([])
    expect(harness.side.inFlight.count).toBe(0)
    const reader = harness.client()
    expect(reader.ask(reader.get('/x')).map(dataOf)).toEqual(['second'])
    expect(harness.side.state.sessions.get(sessionId)).toBeDefined()
  })
})
