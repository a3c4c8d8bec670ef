import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { onTestFailed, onTestFinished } from 'vitest'
import { freePorts } from '../processes/harness/free-ports.ts'
import { until } from '../processes/harness/until.ts'

export const scope = 'two-nodes'

const versionsDir = '/usr/lib/postgresql'

/** Of the newest that is installed. */
const binDir = (): string =>
  join(versionsDir, String(Math.max(...readdirSync(versionsDir).map(Number))), 'bin')

/** PostgreSQL refuses to be run by root. */
interface User {
  readonly uid?: number
  readonly gid?: number
}

function postgresUser(): User {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string): number =>
    Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout)
  return { uid: id('-u'), gid: id('-g') }
}

export interface Health {
  readonly role: string
  readonly state: string
  readonly timeline: number
}

/** One PostgreSQL server with the Patroni that minds it. */
export class PatroniNode {
  readonly name: string
  readonly #user: User
  readonly #folder: string
  readonly #configFile: string
  readonly #logFile: string
  readonly #restPort: number
  readonly #postgresPort: number
  #patroni: ChildProcess | null = null

  private constructor(name: string, folder: string, ports: readonly [number, number], user: User) {
    this.name = name
    this.#user = user
    this.#folder = folder
    this.#configFile = join(folder, 'patroni.json')
    this.#logFile = join(folder, 'patroni.log')
    this.#restPort = ports[0]
    this.#postgresPort = ports[1]
  }

  /** Started, and ended with the test. */
  static async start(name: string, parent: string, zookeeperHosts: readonly string[]): Promise<PatroniNode> {
    const user = postgresUser()
    const folder = join(parent, name)
    mkdirSync(folder)
    if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid)
    // The folder of the test is for its owner only; PostgreSQL has to get through.
    chmodSync(parent, 0o711)
    const node = new PatroniNode(name, folder, (await freePorts(2)) as [number, number], user)
    writeFileSync(node.#configFile, JSON.stringify(node.#config(zookeeperHosts)))
    onTestFailed(() => console.error(`--- what Patroni ${name} printed\n${node.#log.slice(-6000)}`))
    onTestFinished(() => node.#end())
    node.#run()
    return node
  }

  /** JSON is YAML too. The times are the shortest that Patroni takes. */
  #config(zookeeperHosts: readonly string[]): object {
    const rest = `127.0.0.1:${this.#restPort}`
    const postgres = `127.0.0.1:${this.#postgresPort}`
    return {
      scope,
      name: this.name,
      restapi: { listen: rest, connect_address: rest },
      zookeeper: { hosts: zookeeperHosts },
      bootstrap: {
        dcs: {
          ttl: 20,
          loop_wait: 1,
          retry_timeout: 5,
          postgresql: { use_pg_rewind: true, parameters: { max_connections: 20, shared_buffers: '16MB' } },
        },
        initdb: [{ encoding: 'UTF8' }, 'data-checksums', 'no-sync'],
      },
      postgresql: {
        listen: postgres,
        connect_address: postgres,
        data_dir: join(this.#folder, 'data'),
        bin_dir: binDir(),
        pgpass: join(this.#folder, 'pgpass'),
        authentication: {
          superuser: { username: 'postgres', password: 'p' },
          replication: { username: 'replicator', password: 'r' },
        },
        pg_hba: ['host all all 127.0.0.1/32 trust', 'host replication all 127.0.0.1/32 trust'],
        parameters: { unix_socket_directories: this.#folder, fsync: 'off' },
      },
    }
  }

  #run(): void {
    const log = openSync(this.#logFile, 'a')
    this.#patroni = spawn('/usr/bin/patroni', [this.#configFile], this.#options(log))
    closeSync(log)
  }

  #options(log: number): object {
    const env = { PATH: `${binDir()}:/usr/bin:/bin`, HOME: this.#folder, LANG: 'C.UTF-8' }
    return { ...this.#user, env, cwd: this.#folder, stdio: ['ignore', log, log] }
  }

  /** What it says of itself; null while it says nothing. */
  async health(): Promise<Health | null> {
    const url = `http://127.0.0.1:${this.#restPort}/patroni`
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => null)
    return answer === null ? null : ((await answer.json()) as Health)
  }

  async becomes(role: 'master' | 'replica', timeoutMs = 60_000): Promise<Health> {
    return until(
      `node ${this.name} to be ${role}`,
      async () => {
        const health = await this.health()
        return health?.role === role && health.state === 'running' ? health : null
      },
      timeoutMs,
    )
  }

  sql(statement: string): string {
    const args = ['-h', '127.0.0.1', '-p', String(this.#postgresPort), '-U', 'postgres', '-d', 'postgres']
    const { status, stdout, stderr } = spawnSync(join(binDir(), 'psql'), [...args, '-Atqc', statement], {
      encoding: 'utf8',
      timeout: 10_000,
    })
    if (status !== 0) throw new Error(`${statement}: ${stderr}`)
    return stdout.trim()
  }

  /** A command for the whole cluster, given here. */
  control(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync('/usr/bin/patronictl', ['-c', this.#configFile, ...args], {
      ...this.#options(0),
      stdio: 'pipe',
      encoding: 'utf8',
      timeout: 40_000,
    })
    if (status !== 0) throw new Error(`patronictl ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`)
    return stdout
  }

  get #log(): string {
    return readFileSync(this.#logFile, 'utf8')
  }

  /** How often it gave up being the leader because it could not keep its key. */
  get demotions(): number {
    return this.#log.match(/demot(ed|ing) self because DCS/g)?.length ?? 0
  }

  /** Patroni first, or it would start PostgreSQL again. */
  async #end(): Promise<void> {
    const patroni = this.#patroni
    if (patroni !== null && patroni.exitCode === null) {
      const ended = new Promise((resolve) => patroni.once('exit', resolve))
      patroni.kill('SIGKILL')
      await ended
    }
    const pid = this.#postgresPid()
    if (pid === null) return
    // Told at once to end at once; its own children end with it.
    process.kill(pid, 'SIGQUIT')
    await until(`PostgreSQL ${this.name} to end`, () => !runs(pid))
  }

  #postgresPid(): number | null {
    try {
      const pid = Number(readFileSync(join(this.#folder, 'data/postmaster.pid'), 'utf8').split('\n')[0])
      return runs(pid) ? pid : null
    } catch {
      return null
    }
  }
}

function runs(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('postgres')
  } catch {
    return false
  }
}
