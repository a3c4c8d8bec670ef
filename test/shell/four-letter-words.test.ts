import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { Client } from '../../src/client/index.ts'
import type { CommandContext } from '../../src/shell/command.ts'
import { wordsOf } from '../../src/shell/line-words.ts'
import { Output } from '../../src/shell/output.ts'
import { runCommand } from '../../src/shell/run-command.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** A server that answers whatever it is asked with this, and keeps what it was asked. */
async function answering(answer: string): Promise<{ port: number; asked: Buffer[] }> {
  const asked: Buffer[] = []
  const server = createServer((socket) => {
    socket.on('data', (bytes) => {
      asked.push(bytes)
      socket.end(answer)
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { port: address.port, asked }
}

/** What the command prints, or what it fails with. */
async function run(line: string, port: number): Promise<string> {
  let printed = ''
  const sink = {
    write: (bytes: string | Uint8Array) => {
      printed += String(bytes)
    },
  }
  const context: CommandContext = {
    client: new Client(),
    servers: [{ host: '127.0.0.1', port }],
    timeoutMs: 5000,
    currentPath: '/',
    interactive: false,
    stop: new AbortController().signal,
    watches: new Set(),
    readStdin: () => Promise.reject(new Error('not asked for')),
    readBlock: () => Promise.reject(new Error('not asked for')),
    quit() {},
  }
  const out = new Output({ json: false, out: sink, err: sink, errColour: false })
  try {
    await runCommand(wordsOf(line), context, out, () => Promise.reject(new Error('a session was asked for')))
    return printed
  } catch (error) {
    return `failed: ${error instanceof Error ? error.message : String(error)}`
  }
}

describe('4lw', () => {
  test('needs no session; the answer without its last line end', async () => {
    const { port, asked } = await answering('a\nb\n\n')
    expect(await run('4lw conf', port)).toBe('a\nb\n')
    expect(Buffer.concat(asked).toString()).toBe('conf')
  })

  test('stmk carries the mask as eight bytes, 306 unless told otherwise', async () => {
    const { port, asked } = await answering('306')
    expect(await run('4lw stmk', port)).toBe('306\n')
    expect(await run('4lw --mask 1 stmk', port)).toBe('306\n')
    expect(asked.map((bytes) => bytes.toString('latin1'))).toEqual([
      'stmk\0\0\0\0\0\0\x01\x32',
      'stmk\0\0\0\0\0\0\0\x01',
    ])
  })

  test.each([
    [
      'envi is not executed because it is not in the whitelist.\n',
      'does not answer envi: add it to 4lw.commands.whitelist in the configuration of that server, and start it again',
    ],
    [
      'This ZooKeeper instance is not currently serving requests\n',
      'is not serving: it knows no leader, or sees no majority of the others; its log says what it waits for',
    ],
    ['', 'closed the connection without an answer to envi: is that a client port of Banyan or ZooKeeper?'],
  ])('%j -> explained, with the way out', async (answer, explained) => {
    const { port } = await answering(answer)
    expect(await run('4lw envi', port)).toBe(`failed: 127.0.0.1:${port} ${explained}`)
  })
})
