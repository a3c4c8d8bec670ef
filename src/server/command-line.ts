import yargs from 'yargs'
import type { ArgumentsOutcome } from './arguments.ts'

/** The full command line of `zkserver`, with help and complaints. */
export async function readWithYargs(argv: readonly string[], version: string): Promise<ArgumentsOutcome> {
  let printed = ''
  let fault: string | null = null
  const parser = yargs([...argv])
    .scriptName('zkserver')
    .usage('$0 <id> <config>\n$0 <config>\n\nRuns one server of an ensemble until SIGINT or SIGTERM.')
    .option('log', {
      choices: ['text', 'json'] as const,
      default: 'text' as const,
      requiresArg: true,
      describe: 'how the log is written to standard output',
    })
    .option('check', { type: 'boolean', default: false, describe: 'only check the configuration' })
    .example('$0 1 config/three.txt', 'server 1 of the ensemble in that file')
    .example('$0 /etc/zookeeper/zoo.cfg', 'the server that dataDir/myid names')
    .example('$0 --check 2 config/three.txt', 'say what is wrong with the file')
    .epilogue(
      'Exit codes: 0 stopped when asked to, 1 could not start or go on, 2 wrong arguments or configuration.',
    )
    .version(version)
    .help()
    .strictOptions()
    .parserConfiguration({ 'parse-positional-numbers': false, 'duplicate-arguments-array': false })
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      fault ??= message ?? error?.message ?? 'wrong usage'
    })
  const values = await parser.parseAsync([...argv], {}, (_error, _values, output) => {
    printed = output
  })
  if (fault !== null) return usage(fault)
  if (printed !== '') return { kind: 'print', text: printed, exitCode: 0 }
  const words = values._.map(String)
  const [first, second] = words
  if (first === undefined)
    return usage('found no arguments; expected a configuration file, or a server id and one')
  if (words.length > 2)
    return usage(`found ${words.length} arguments; expected a server id and a configuration file`)
  if (second === undefined && /^\d+$/.test(first)) {
    return usage(`found only the server id ${first}; expected a configuration file behind it`)
  }
  if (second !== undefined && !/^\d{1,3}$/.test(first)) {
    return usage(`found server id "${first}"; expected a whole number from 0 to 255`)
  }
  return {
    kind: 'run',
    values: {
      configFile: second ?? first,
      serverId: second === undefined ? null : Number(first),
      logFormat: values.log,
      check: values.check,
    },
  }
}

function usage(fault: string): ArgumentsOutcome {
  const forms = 'Usage: zkserver <id> <config>   or   zkserver <zoo.cfg>   (zkserver --help tells more)'
  return { kind: 'print', text: `zkserver: ${fault}\n${forms}`, exitCode: 2 }
}
