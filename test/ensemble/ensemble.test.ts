import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Ensemble, type EnsemblePrinter } from '../../src/ensemble/ensemble.ts'
import { nodeProcesses } from '../../src/runtime/node-processes.ts'
import { nodeRuntime } from '../../src/runtime/node-runtime.ts'
import { freePorts } from '../processes/harness/free-ports.ts'

/** Stands for a server: answers srvr with the mode that its "configuration" gives it, ends on SIGTERM. */
const standIn = `
import { createServer } from 'node:net'
import { readFileSync } from 'node:fs'
const [id, file] = process.argv.slice(2)
const { port, mode } = JSON.parse(readFileSync(file, 'utf8'))[id]
console.log('I am ' + id)
if (port === 0) process.exit(2)
const server = createServer((socket) => {
  socket.on('error', () => {})
  socket.on('data', () => socket.end('Zxid: 0x200000003\\nMode: ' + mode + '\\n'))
})
server.listen(port, '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
`

/** Keeps what is printed, and lets a test wait for a line. */
class Printed implements EnsemblePrinter {
  readonly lines: string[] = []
  #waiting: { pattern: RegExp; resolve: (line: string) => void }[] = []

  serverLine(id: number, line: string): void {
    this.#add(`${id}: ${line}`)
  }
  notice(id: number, text: string): void {
    this.#add(`${id} ${text}`)
  }
  status(line: string): void {
    this.#add(line)
  }

  /** The first line that matches, now or later. */
  line(pattern: RegExp): Promise<string> {
    const found = this.lines.find((line) => pattern.test(line))
    if (found !== undefined) return Promise.resolve(found)
    return new Promise((resolve) => this.#waiting.push({ pattern, resolve }))
  }

  #add(line: string): void {
    this.lines.push(line)
    for (const { pattern, resolve } of this.#waiting) if (pattern.test(line)) resolve(line)
  }
}

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'banyan-ensemble-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function ensembleOf(servers: { id: number; port: number; mode: string }[]) {
  const script = join(folder, 'server.mjs')
  const configFile = join(folder, 'config.json')
  await writeFile(script, standIn)
  await writeFile(
    configFile,
    JSON.stringify(Object.fromEntries(servers.map((server) => [server.id, server]))),
  )
  const printed = new Printed()
  const ensemble = new Ensemble({
    runtime: nodeRuntime(),
    processes: nodeProcesses,
    script,
    configFile,
    servers: servers.map(({ id, port }) => ({
      id,
      host: '127.0.0.1',
      clientPort: port,
      clientHost: '0.0.0.0',
      peerPort: 0,
      leaderPort: 0,
    })),
    restart: true,
    printer: printed,
  })
  return { ensemble, printed }
}

describe('ensemble of child processes', () => {
  it('started, one killed, stopped -> states shown, the dead one brought back, all ended cleanly', async () => {
    const [first = 0, second = 0] = await freePorts(2)
    const { ensemble, printed } = await ensembleOf([
      { id: 1, port: first, mode: 'follower' },
      { id: 2, port: second, mode: 'leader' },
    ])
    const ended = ensemble.run()
    await printed.line(/^1: I am 1$/)
    await printed.line(/^1 follower {2}2 leader · last zxid 0x200000003$/)

    const started = await printed.line(/^1 started, pid \d+$/)
    process.kill(Number(/\d+$/.exec(started)?.[0]), 'SIGKILL')
    await printed.line(/^1 killed by SIGKILL; starting it again in 200 ms$/)
    await printed.line(/^1 down {2}2 leader/)

    ensemble.stop()
    expect(await ended).toBe(true)
  })

  it('a server whose configuration is wrong -> not started again, and not called clean', async () => {
    const { ensemble, printed } = await ensembleOf([{ id: 1, port: 0, mode: 'leader' }])
    expect(await ensemble.run()).toBe(false)
    expect(printed.lines.slice(-2)).toEqual(['1: I am 1', '1 ended with exit code 2; not started again'])
  })
})
