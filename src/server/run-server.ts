import type { Processes } from '../runtime/processes.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { ServerArguments } from './arguments.ts'
import { ConfigError, loadConfig, type ParsedConfig, type ServerConfig } from './config/index.ts'
import { describeStartFailure } from './start-failure.ts'

/** Supervisors often grant a second between SIGTERM and SIGKILL. What was acknowledged is on disk either way. */
const stopMsMax = 800

/** The part of a server that its process handles. */
export interface RunnableServer {
  start(): Promise<void>
  stop(): Promise<void>
}

export interface ServerProcess {
  readonly runtime: Runtime
  readonly processes: Processes
  /** Loads and makes the server. `onFatal` is told that it cannot go on. */
  makeServer(config: ServerConfig, onFatal: (error: unknown) => void): Promise<RunnableServer>
  out(line: string): void
  err(line: string): void
}

/** The life of a server process, from arguments to exit code. */
export async function runServer(values: ServerArguments, world: ServerProcess): Promise<number> {
  const parsed = await readConfig(values, world)
  if (parsed === null) return 2
  if (values.check) return reportCheck(parsed, world)
  for (const warning of parsed.warnings) world.runtime.log.warn(warning)
  return serve(parsed.config, world)
}

async function readConfig(values: ServerArguments, world: ServerProcess): Promise<ParsedConfig | null> {
  const { configFile, serverId } = values
  try {
    return await loadConfig(world.runtime.disk, configFile, serverId === null ? {} : { serverId })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const line of error.message.split('\n')) world.err(`zkserver: ${line}`)
    return null
  }
}

function reportCheck({ config, warnings }: ParsedConfig, world: ServerProcess): number {
  for (const warning of warnings) world.out(warning)
  world.out(
    `sound: server ${config.serverId} of ${config.servers.length}, ` +
      `clients on ${config.clientHost}:${config.clientPort}, files in ${config.serverDir}`,
  )
  return 0
}

type End = { readonly request: string } | { readonly failure: unknown }

async function serve(config: ServerConfig, world: ServerProcess): Promise<number> {
  const { runtime, processes } = world
  const { log } = runtime
  let end: (how: End) => void = () => {}
  const ended = new Promise<End>((resolve) => {
    end = resolve
  })
  processes.onStopRequest((request) => end({ request }))
  processes.onUncaught((error) => {
    // Whatever threw may have left its work half done: nothing here may be trusted to stop in an orderly way.
    log.error(`stopping at once, nobody expected this error: ${stackOf(error)}`)
    processes.exit(1)
  })

  const server = await world.makeServer(config, (failure) => end({ failure }))
  const started = server.start().then(
    () => null,
    (failure: unknown) => ({ failure }),
  )
  const early = await Promise.race([started, ended])
  if (early !== null && 'failure' in early) {
    world.err(`zkserver: server ${config.serverId}: ${describeStartFailure(early.failure, config)}`)
    await stopInTime(server, runtime)
    return 1
  }
  if (early === null) {
    log.info('takes clients', { on: `${config.clientHost}:${config.clientPort}`, files: config.serverDir })
  }
  const how = early ?? (await ended)
  if ('failure' in how) log.error(`stopping: ${describeStartFailure(how.failure, config)}`)
  else log.info(`stopping, on ${how.request}`)
  await stopInTime(server, runtime)
  log.info('stopped')
  return 'failure' in how ? 1 : 0
}

async function stopInTime(server: RunnableServer, { timers, log }: Runtime): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = timers.after(stopMsMax, () => {
      log.warn(`did not stop in an orderly way within ${stopMsMax} ms; leaving it at that`)
      resolve()
    })
    const done = (): void => {
      timer.cancel()
      resolve()
    }
    server.stop().then(done, (error: unknown) => {
      log.error(`stopping failed: ${stackOf(error)}`)
      done()
    })
  })
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
