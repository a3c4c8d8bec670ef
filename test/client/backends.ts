import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server as NetServer, connect as netConnect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fourLetterWord } from '../../src/client/index.ts'

/** A server to test against, on a port of its own and with an empty tree. */
export interface Backend {
  readonly port: number
  /** Ends it without warning, and starts it again on the same port and data. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export interface BackendKind {
  readonly name: string
  /** Why it cannot be used here; null when it can. */
  readonly missing: string | null
  readonly grantsExactlyOnce: boolean
  start(): Promise<Backend>
}

/** A server that runs as a process of its own; `command` gets the folder with the config file. */
async function startProcess(
  name: string,
  config: (port: number, folder: string) => string,
  command: (configFile: string) => { program: string; args: string[] },
): Promise<Backend> {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-client-test-'))
  const port = await freePort()
  const configFile = join(folder, 'zoo.cfg')
  await writeFile(configFile, config(port, folder))
  let child: ChildProcess | null = null
  let output = ''
  const run = async (): Promise<void> => {
    const { program, args } = command(configFile)
    const started = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    started.stdout.on('data', (bytes) => {
      output += String(bytes)
    })
    started.stderr.on('data', (bytes) => {
      output += String(bytes)
    })
    child = started
    const serving = async (): Promise<boolean> => {
      if (started.exitCode !== null) throw new Error(`${name} ended with ${started.exitCode}: ${output}`)
      const answer = await fourLetterWord({ host: '127.0.0.1', port }, 'srvr', { timeoutMs: 1000 }).catch(
        () => '',
      )
      return answer.includes('Mode:')
    }
    await until(serving, `${name} to serve`)
  }
  const kill = async (): Promise<void> => {
    const running = child
    if (running === null || running.exitCode !== null || running.signalCode !== null) return
    const ended = new Promise((resolve) => running.once('exit', resolve))
    running.kill('SIGKILL')
    await ended
  }
  await run()
  return {
    port,
    restart: async () => {
      await kill()
      await run()
    },
    stop: async () => {
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const zookeeperJar = '/usr/share/java/zookeeper.jar'
const zkserver = join(import.meta.dirname, '../../bin/zkserver')
const builtServer = join(import.meta.dirname, '../../dist/server/server.js')

const settings = (port: number, folder: string): string[] => [
  'tickTime=100',
  // More than a restart on a busy machine takes.
  'maxSessionTimeout=60000',
  `dataDir=${join(folder, 'data')}`,
  `clientPort=${port}`,
  'clientPortAddress=127.0.0.1',
  '4lw.commands.whitelist=*',
  // For nodes with a time to live.
  'extendedTypesEnabled=true',
]

export const backendKinds: readonly BackendKind[] = [
  {
    name: 'Apache ZooKeeper',
    missing: existsSync(zookeeperJar) ? null : `${zookeeperJar} is missing: install the package "zookeeper"`,
    grantsExactlyOnce: false,
    start: () =>
      startProcess(
        'ZooKeeper',
        (port, folder) =>
          [...settings(port, folder), 'admin.enableServer=false', 'extendedTypesEnabled=true', ''].join('\n'),
        (file) => ({
          program: 'java',
          // Started for a few seconds, the JVM had better not optimise at length.
          args: [
            '-Xmx128m',
            '-XX:+UseSerialGC',
            '-XX:TieredStopAtLevel=1',
            '-cp',
            zookeeperJar,
            'org.apache.zookeeper.server.quorum.QuorumPeerMain',
            file,
          ],
        }),
      ),
  },
  {
    name: 'Banyan',
    missing:
      existsSync(zkserver) && existsSync(builtServer) ? null : 'bin/zkserver is not built: npm run build',
    grantsExactlyOnce: true,
    start: () =>
      startProcess(
        'Banyan',
        (port, folder) => [...settings(port, folder), ''].join('\n'),
        (file) => ({ program: zkserver, args: [file] }),
      ),
  },
]

/** Polls until `condition` holds. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 30_000,
): Promise<void> {
  const endMs = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > endMs) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}

function listen(server: NetServer): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error('no port'))
      else resolve(address.port)
    })
  })
}

/** A way to a server that can be cut, and that can lose what is on its way. */
export class CuttableLink {
  port = 0
  #open = true
  /** What the server answers is thrown away, as when the server dies before its answer leaves. */
  losingReplies = false
  readonly #sockets = new Set<Socket>()
  readonly #server: NetServer

  constructor(serverPort: number) {
    this.#server = createServer((near) => {
      if (!this.#open) {
        near.destroy()
        return
      }
      const far = netConnect(serverPort, '127.0.0.1')
      for (const socket of [near, far]) {
        this.#sockets.add(socket)
        socket.on('error', () => {})
        socket.on('close', () => {
          near.destroy()
          far.destroy()
          this.#sockets.delete(socket)
        })
      }
      near.on('data', (bytes) => far.write(bytes))
      far.on('data', (bytes) => {
        if (!this.losingReplies) near.write(bytes)
      })
    })
  }

  static async to(serverPort: number): Promise<CuttableLink> {
    const link = new CuttableLink(serverPort)
    link.port = await listen(link.#server)
    return link
  }

  /** Closes all connections; new ones are refused until `mend`. */
  cut(): void {
    this.#open = false
    for (const socket of this.#sockets) socket.destroy()
  }

  mend(): void {
    this.#open = true
    this.losingReplies = false
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
