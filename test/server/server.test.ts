import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { nodeRuntime } from '../../src/runtime/node-runtime.ts'
import { Server } from '../../src/server/index.ts'
import { testConfig } from './client-side-harness.ts'

const inOneProcess = {
  ...testConfig,
  servers: [{ id: 1, host: '127.0.0.1', clientPort: 0, clientHost: '127.0.0.1', peerPort: 0, leaderPort: 0 }],
  clientHost: '127.0.0.1',
  clientPort: 0,
  standalone: true,
}

test("server: started in this process on ports of the system's choice -> serves; stopped -> refuses; again -> the same history", async () => {
  const serverDir = await newFolder()
  const config = { ...inOneProcess, serverDir }
  const first = new Server(nodeRuntime(), config)
  await first.start()
  const { clientPort } = first.status()
  expect(clientPort).toBeGreaterThan(0)
  await serving(first)
  expect(await ask(clientPort, 'srvr')).toContain('Mode: standalone')
  const digest = first.digest()
  await first.stop()
  await expect(ask(clientPort, 'ruok')).rejects.toThrow('ECONNREFUSED')

  const second = new Server(nodeRuntime(), config)
  onTestFinished(() => second.stop())
  await second.start()
  await serving(second)
  expect(second.digest()).toBe(digest)
})

test('server: the client port is in use -> start rejects, nothing stays open or locked', async () => {
  const blocker = new Server(nodeRuntime(), { ...inOneProcess, serverDir: await newFolder() })
  onTestFinished(() => blocker.stop())
  await blocker.start()
  const serverDir = await newFolder()
  const { clientPort } = blocker.status()
  const refused = new Server(nodeRuntime(), { ...inOneProcess, serverDir, clientPort })
  await expect(refused.start()).rejects.toMatchObject({ code: 'EADDRINUSE' })

  const next = new Server(nodeRuntime(), { ...inOneProcess, serverDir })
  onTestFinished(() => next.stop())
  await next.start()
  await serving(next)
})

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-server-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return join(folder, '1')
}

async function serving(server: Server): Promise<void> {
  while (server.status().mode === null) await new Promise((resolve) => setImmediate(resolve))
}

function ask(port: number, word: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(word))
    let text = ''
    socket.on('data', (bytes) => {
      text += bytes.toString()
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
  })
}
