import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Disk } from '../runtime/disk.ts'
import { nodeProcesses } from '../runtime/node-processes.ts'
import { nodeRuntime } from '../runtime/node-runtime.ts'
import { ConfigError, loadConfig } from '../server/config/index.ts'
import type { ServerAddress } from '../server/config/server-config.ts'
import { type EnsembleArguments, readEnsembleArguments } from './arguments.ts'
import { Ensemble } from './ensemble.ts'
import { linePrinter } from './printer.ts'

/** `zk-ensemble`: all servers of a file, until told to stop. Returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }
  const outcome = await readEnsembleArguments(argv, version)
  if (outcome.kind === 'print') {
    const stream = outcome.exitCode === 0 ? process.stdout : process.stderr
    stream.write(`${outcome.text}\n`)
    return outcome.exitCode
  }
  const { values } = outcome
  const runtime = nodeRuntime()
  const servers = await chooseServers(values, runtime.disk)
  if (typeof servers === 'string') {
    process.stderr.write(`${servers.replace(/^/gm, 'zk-ensemble: ')}\n`)
    return 2
  }
  const colour = process.stdout.isTTY === true && !process.env['NO_COLOR']
  const ensemble = new Ensemble({
    runtime,
    processes: nodeProcesses,
    script: fileURLToPath(new URL('../../bin/zkserver', import.meta.url)),
    configFile: values.configFile,
    servers,
    restart: values.restart,
    printer: linePrinter({ colour, quiet: values.quiet, write: (text) => process.stdout.write(text) }),
  })
  const say = (text: string): void => {
    process.stdout.write(`${text}\n`)
  }
  let stopping = false
  nodeProcesses.onStopRequest((reason) => {
    // A terminal's Ctrl-C may come more than once.
    if (stopping) return
    stopping = true
    ensemble.stop()
    say(`stopping all servers, on ${reason}`)
  })
  const clean = await ensemble.run()
  say(clean ? 'all servers stopped' : 'no server runs any more, and not all of them ended as asked')
  return clean ? 0 : 1
}

/** The servers to start, or what is wrong with the configuration or the choice. */
async function chooseServers(values: EnsembleArguments, disk: Disk): Promise<ServerAddress[] | string> {
  const { configFile } = values
  try {
    const { config: first } = await loadConfig(disk, configFile, { serverId: 'first' })
    if (first.format === 'zoo' && first.servers.length > 1) {
      return `${configFile}: found a zoo.cfg; expected the table format: a zoo.cfg is one server's own file, all of them would share one dataDir`
    }
    const ids = first.servers.map((server) => server.id)
    const strangers = values.servers?.filter((id) => !ids.includes(id)) ?? []
    if (strangers.length > 0) {
      return `found --servers ${strangers.join()}; expected ids that ${configFile} has: ${ids.join(', ')}`
    }
    return first.servers.filter((server) => values.servers?.includes(server.id) ?? true)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
}
