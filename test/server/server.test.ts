import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { CodedError } from '../../src/runtime/coded-error.ts'
import type { Network } from '../../src/runtime/network.ts'
import { nodeRuntime } from '../../src/runtime/node-runtime.ts'
import type { Timer, Timers } from '../../src/runtime/timers.ts'
import { Server } from '../../src/server/index.ts'
import { MemoryDisk } from '../storage/memory-disk.ts'
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

test('server: the client port cannot be opened in the instant in which it stands aside for its disk -> start rejects when all is let go of, and it does not come back', async () => {
  const disk = new MemoryDisk()
  const { lockFolder } = disk
  disk.lockFolder = async (path) => {
    const unlock = await lockFolder.call(disk, path)
    return async () => {
      for (let turns = 0; turns < 20; turns++) await nextTurn()
      await unlock()
    }
  }
  const runtime = nodeRuntime()
  const pending = new Set<Timer>()
  const after: Timers['after'] = (delayMs, call) => {
    const timer = runtime.timers.after(delayMs, () => {
      pending.delete(counted)
      call()
    })
    const counted = {
      cancel: () => {
        pending.delete(counted)
        timer.cancel()
      },
    }
    pending.add(counted)
    return counted
  }
  const timers: Timers = {
    after,
    every: (periodMs, call) => runtime.timers.every(periodMs, call),
    endOfTurn: (call) => runtime.timers.endOfTurn(call),
  }
  const config = { ...inOneProcess, serverDir: 'data/1' }
  const network: Network = {
    connect: () => Promise.reject(new Error('it is alone')),
    listen: async () => {
      disk.fault = (operation) => {
        if (operation === 'write') throw new CodedError('EIO', 'EIO: the disk is gone')
      }
      while (refused.status().diskTrouble === null) await nextTurn()
      throw new CodedError('EADDRINUSE', 'somebody is there')
    },
  }
  const fatal: unknown[] = []
  const refused = new Server({ ...runtime, disk, timers, network }, config, {
    onFatal: (error) => fatal.push(error),
  })
  await expect(refused.start()).rejects.toMatchObject({ code: 'EADDRINUSE' })
  expect(pending.size).toBe(0)

  disk.fault = () => {}
  const next = new Server({ ...runtime, disk }, config)
  onTestFinished(() => next.stop())
  await next.start()
  await serving(next)
  await refused.stop()
  expect([pending.size, fatal]).toEqual([0, []])
})

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-server-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return join(folder, '1')
}

async function serving(server: Server): Promise<void> {
  while (server.status().mode === null) await nextTurn()
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
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
