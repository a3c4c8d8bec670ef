import { describe, expect, it } from 'vitest'
import { CodedError } from '../../src/runtime/coded-error.ts'
import type { Disk } from '../../src/runtime/disk.ts'
import type { Log } from '../../src/runtime/log.ts'
import type { Processes } from '../../src/runtime/processes.ts'
import type { Runtime } from '../../src/runtime/runtime.ts'
import { type RunnableServer, runServer, type ServerProcess } from '../../src/server/run-server.ts'

class ExitCalled extends Error {}

/** A process whose signals, timers and output are in the test's hands. */
class FakeProcess {
  readonly said: string[] = []
  readonly logged: string[] = []
  made = 0
  stopped = 0
  stopRequest: (reason: string) => void = () => {}
  uncaught: (error: unknown) => void = () => {}
  fatal: (error: unknown) => void = () => {}
  timerCall: (() => void) | null = null
  readonly #text: string
  readonly #server: Partial<RunnableServer>

  constructor(text: string, server: Partial<RunnableServer> = {}) {
    this.#text = text
    this.#server = server
  }

  run(options: { check?: boolean; serverId?: number } = {}): Promise<number> {
    const { check = false, serverId = 1 } = options
    return runServer({ configFile: '/c.txt', serverId, logFormat: 'text', check }, this.#world())
  }

  #world(): ServerProcess {
    const note = (message: string): void => {
      this.logged.push(message)
    }
    const log: Log = { debug: note, info: note, warn: note, error: note, child: () => log }
    const runtime: Partial<Runtime> = {
      log,
      disk: { readFile: async () => Buffer.from(this.#text) } as Partial<Disk> as Disk,
      timers: {
        after: (_delayMs, call) => {
          this.timerCall = call
          return { cancel: () => {} }
        },
        every: () => ({ cancel: () => {} }),
        endOfTurn: () => {},
      },
    }
    const processes: Partial<Processes> = {
      onStopRequest: (call) => {
        this.stopRequest = call
      },
      onUncaught: (call) => {
        this.uncaught = call
      },
      exit: (code) => {
        throw new ExitCalled(`exit ${code}`)
      },
    }
    return {
      runtime: runtime as Runtime,
      processes: processes as Processes,
      makeServer: async (_config, onFatal) => {
        this.made += 1
        this.fatal = onFatal
        return {
          start: this.#server.start ?? (async () => {}),
          stop: async () => {
            this.stopped += 1
            await this.#server.stop?.()
          },
        }
      },
      out: (line) => this.said.push(line),
      err: (line) => this.said.push(line),
    }
  }
}

const sound = '1 127.0.0.1 2181 3181 4181\ndataDir=/d\nforceSync=yes'

describe('zkserver process', () => {
  it('a wrong configuration -> every problem said, exit code 2, no server made', async () => {
    const process = new FakeProcess('1 127.0.0.1 2181 3181\nfoo=1')
    expect(await process.run()).toBe(2)
    expect(process.made).toBe(0)
    expect(process.said.map((line) => line.slice(0, 21))).toEqual([
      'zkserver: /c.txt:1: f',
      'zkserver: /c.txt:2: f',
      'zkserver: /c.txt: fou',
    ])
  })

  it('--check -> warnings and what the server would be, exit code 0, no server made', async () => {
    const process = new FakeProcess(sound)
    expect(await process.run({ check: true })).toBe(0)
    expect(process.made).toBe(0)
    expect(process.said[0]).toContain('forceSync is accepted and does nothing')
    expect(process.said[1]).toBe('sound: server 1 of 1, clients on 127.0.0.1:2181, files in /d/1')
  })

  it('SIGTERM -> stopped, exit code 0', async () => {
    const process = new FakeProcess(sound)
    const code = process.run()
    await until(() => process.made === 1)
    process.stopRequest('SIGTERM')
    expect(await code).toBe(0)
    expect(process.stopped).toBe(1)
    expect(process.logged.slice(-2)).toEqual(['stopping, on SIGTERM', 'stopped'])
  })

  it('SIGTERM while it is still starting -> stopped, exit code 0', async () => {
    const process = new FakeProcess(sound, { start: () => new Promise(() => {}) })
    const code = process.run()
    await until(() => process.made === 1)
    process.stopRequest('SIGTERM')
    expect(await code).toBe(0)
    expect(process.stopped).toBe(1)
  })

  it('a stop that hangs -> left at that when its time is up', async () => {
    const process = new FakeProcess(sound, { stop: () => new Promise(() => {}) })
    const code = process.run()
    await until(() => process.made === 1)
    process.stopRequest('SIGTERM')
    await until(() => process.timerCall !== null)
    process.timerCall?.()
    expect(await code).toBe(0)
    expect(process.logged).toContain('did not stop in an orderly way within 800 ms; leaving it at that')
  })

  const failures: [port: number, said: string][] = [
    [2181, 'client port 127.0.0.1:2181 is in use'],
    [3181, 'peer port 127.0.0.1:3181 is in use'],
    [4181, 'leader port 127.0.0.1:4181 is in use'],
  ]
  for (const [port, said] of failures) {
    it(`port ${port} in use -> named with its address, exit code 1`, async () => {
      const process = new FakeProcess(sound, {
        start: async () => {
          throw new CodedError('EADDRINUSE', `listen EADDRINUSE: address already in use 127.0.0.1:${port}`)
        },
      })
      expect(await process.run()).toBe(1)
      expect(process.said).toHaveLength(1)
      expect(process.said[0]).toContain(`zkserver: server 1: ${said}: another program listens there`)
    })
  }

  it('storage that refuses -> its reason, exit code 1', async () => {
    const process = new FakeProcess(sound, {
      start: async () => {
        throw new Error('/d/1 belongs to server 2')
      },
    })
    expect(await process.run()).toBe(1)
    expect(process.said).toEqual(['zkserver: server 1: /d/1 belongs to server 2'])
  })

  it('a failure while running -> logged, stopped, exit code 1', async () => {
    const process = new FakeProcess(sound)
    const code = process.run()
    await until(() => process.made === 1)
    await Promise.resolve()
    process.fatal(new Error('the disk is full'))
    expect(await code).toBe(1)
    expect([...process.said, ...process.logged].join('\n')).toContain('the disk is full')
    expect(process.stopped).toBe(1)
  })

  it('an error that nobody caught -> logged with its place, exit at once with code 1', async () => {
    const process = new FakeProcess(sound)
    void process.run()
    await until(() => process.made === 1)
    expect(() => process.uncaught(new Error('boom'))).toThrow(ExitCalled)
    expect(process.logged.at(-1)).toMatch(/nobody expected this error: Error: boom\n.*run-server\.test/)
    expect(process.stopped).toBe(0)
  })
})

/** Lets pending promises run until the condition holds; fails loudly when it never does. */
async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100; turn++) {
    if (condition()) return
    await Promise.resolve()
  }
  expect(condition()).toBe(true)
}
