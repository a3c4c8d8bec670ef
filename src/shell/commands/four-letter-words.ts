import { formatAddress, fourLetterWord, parseAddress } from '../../client/index.ts'
import type { Command, CommandContext } from '../command.ts'
import { UsageError } from '../command.ts'

const words = [
  'conf',
  'cons',
  'crst',
  'dirs',
  'dump',
  'envi',
  'gtmk',
  'hash',
  'isro',
  'mntr',
  'ruok',
  'srst',
  'srvr',
  'stat',
  'stmk',
  'wchc',
  'wchp',
  'wchs',
]

const traceMaskDefault = '306'

const ask: Command = {
  name: '4lw',
  usage: '<word> [server]',
  summary: 'ask one server a four-letter word',
  details: [
    'Without a server (host:port): the one that the session is with, or the first that was given.',
    `Words: ${words.join(' ')}. crst, srst and stmk change something.`,
  ],
  examples: ['4lw ruok', '4lw mntr 127.0.0.1:2182', '4lw --mask 306 stmk'],
  flags: {
    mask: {
      type: 'string',
      countMin: 0,
      help: `the trace mask that stmk sets (default: ${traceMaskDefault})`,
    },
  },
  positionalsMin: 1,
  positionalsMax: 2,
  pathArguments: [],
  choices: { 0: words },
  needsServer: false,
  async run(context, args, out) {
    const [word = '', typed] = args.positionals
    if (!words.includes(word)) {
      throw new UsageError(`4lw: there is no word "${word}": expected one of ${words.join(' ')}`)
    }
    if (word !== 'stmk' && args.count('mask') !== undefined) {
      throw new UsageError('4lw: --mask goes with stmk only')
    }
    const server = serverOf(context, typed)
    const answer = await fourLetterWord(server, word, {
      timeoutMs: context.timeoutMs,
      ...(word === 'stmk' ? { traceMask: BigInt(args.count('mask') ?? traceMaskDefault) } : {}),
    })
    const refusal = refusalText(answer, word, server)
    if (refusal !== null) throw new Error(refusal)
    out.result({ text: answer.replace(/\n+$/, ''), json: { server, word, answer } })
  },
}

function serverOf({ client, servers }: CommandContext, typed: string | undefined): string {
  if (typed !== undefined) {
    try {
      return formatAddress(parseAddress(typed))
    } catch (error) {
      throw new UsageError(`4lw: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  const server = client.server ?? servers[0]
  if (server === undefined) throw new UsageError('4lw: name a server, as host:port')
  return formatAddress(server)
}

/** Why there is no answer, and what to do about it; null when there is one. */
function refusalText(answer: string, word: string, server: string): string | null {
  if (answer.includes('is not executed because it is not in the whitelist')) {
    return `${server} does not answer ${word}: add it to 4lw.commands.whitelist in the configuration of that server, and start it again`
  }
  if (answer.startsWith('This ZooKeeper instance is not currently serving requests')) {
    return `${server} is not serving: it knows no leader, or sees no majority of the others; its log says what it waits for`
  }
  if (answer === '') {
    return `${server} closed the connection without an answer to ${word}: is that a client port of Banyan or ZooKeeper?`
  }
  return null
}

export const fourLetterWordCommands: readonly Command[] = [ask]
