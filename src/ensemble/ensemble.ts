import type { Processes } from '../runtime/processes.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Timer } from '../runtime/timers.ts'
import { bracketed, type ServerAddress } from '../server/config/server-config.ts'
import { hasLeader, type ServerView, statusKey, statusLine, viewServer } from './server-watch.ts'
import { Supervisor } from './supervisor.ts'

export interface EnsembleOptions {
  readonly runtime: Runtime
  readonly processes: Processes
  /** The program that runs one server. */
  readonly script: string
  readonly configFile: string
  /** Those to start. */
  readonly servers: readonly ServerAddress[]
  readonly restart: boolean
  readonly printer: EnsemblePrinter
}

/** Where the ensemble shows what happens. */
export interface EnsemblePrinter {
  /** A line that server `id` wrote. */
  serverLine(id: number, line: string, stream: 'out' | 'err'): void
  /** What happened to the process of server `id`. */
  notice(id: number, text: string): void
  status(line: string): void
}

/** Often while something moves, so that a person sees it happen; seldom while nothing does. */
const eagerMs = 100
const calmMs = 1_000
/** How long after a change it counts as moving. */
const eagerForMs = 5_000

/** All servers of a configuration as child processes, watched and kept running until told to stop. */
export class Ensemble {
  readonly #options: EnsembleOptions
  readonly #supervisors = new Map<number, Supervisor>()
  readonly #running = new Set<number>()
  #clean = true
  #shown = ''
  #saidReady = false
  #movedAtMs = 0
  #pause: Timer | null = null
  #end: (clean: boolean) => void = () => {}

  constructor(options: EnsembleOptions) {
    this.#options = options
  }

  /** Resolves when no server runs any more: true when all of them ended as they were asked to. */
  run(): Promise<boolean> {
    const { runtime, processes, script, configFile, servers, restart, printer } = this.#options
    const ended = new Promise<boolean>((resolve) => {
      this.#end = resolve
    })
    this.#movedAtMs = runtime.clock.monotonicMs()
    for (const { id } of servers) {
      this.#running.add(id)
      const supervisor = new Supervisor({
        runtime,
        processes,
        script,
        args: [String(id), configFile],
        restart,
        onLine: (line, stream) => printer.serverLine(id, line, stream),
        onNotice: (text) => {
          this.#movedAtMs = runtime.clock.monotonicMs()
          printer.notice(id, text)
        },
        onOver: (clean) => this.#onOver(id, clean),
      })
      this.#supervisors.set(id, supervisor)
    }
    for (const supervisor of this.#supervisors.values()) supervisor.start()
    void this.#watch()
    return ended
  }

  stop(): void {
    for (const supervisor of this.#supervisors.values()) supervisor.stop()
  }

  #onOver(id: number, clean: boolean): void {
    this.#running.delete(id)
    this.#clean &&= clean
    if (this.#running.size > 0) return
    this.#pause?.cancel()
    this.#end(this.#clean)
  }

  /** Once, when somebody leads for the first time: what a newcomer would do next. */
  #maybeSayReady(views: ReadonlyMap<number, ServerView>): void {
    if (this.#saidReady || !hasLeader(views)) return
    this.#saidReady = true
    const { servers, printer } = this.#options
    const addresses = servers.map(
      ({ clientHost, host, clientPort }) => `${bracketed(reachable(clientHost ?? host))}:${clientPort ?? 0}`,
    )
    printer.status(`ready: bin/zk-shell -s ${addresses.join()}   Ctrl-C stops all servers`)
  }

  async #watch(): Promise<void> {
    const { runtime, servers, printer } = this.#options
    while (this.#running.size > 0) {
      const views = new Map<number, ServerView>()
      await Promise.all(
        servers.map(async ({ id, clientHost, host, clientPort }) => {
          // Set before the answers come in, so that the order is that of the file.
          views.set(id, { state: 'down', zxid: null })
          const address = { host: reachable(clientHost ?? host), port: clientPort ?? 0 }
          views.set(id, await viewServer(runtime, address))
        }),
      )
      const key = statusKey(views)
      const nowMs = runtime.clock.monotonicMs()
      const worthShowing = this.#shown !== '' || [...views.values()].some((view) => view.state !== 'down')
      if (key !== this.#shown && worthShowing && this.#running.size > 0) {
        this.#shown = key
        this.#movedAtMs = nowMs
        printer.status(statusLine(views))
        this.#maybeSayReady(views)
      }
      const pauseMs = nowMs - this.#movedAtMs < eagerForMs ? eagerMs : calmMs
      await new Promise<void>((resolve) => {
        this.#pause = runtime.timers.after(pauseMs, resolve)
      })
    }
  }
}

/** An address that means "every address" can be listened on, not connected to. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  return host === '::' ? '::1' : host
}
