import { createInterface } from 'node:readline'
import { Chalk } from 'chalk'
import type { Client } from '../client/index.ts'
import { ErrorCode, ZkError } from '../client/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Command, CommandContext, CommandShape } from './command.ts'
import { UsageError } from './command.ts'
import { sharedContext } from './command-context.ts'
import { commands } from './commands/index.ts'
import type { CompletableCommand } from './completion.ts'
import { complete } from './completion.ts'
import { describeFailure, ExitCode } from './failure.ts'
import { History, historyFolder } from './history.ts'
import { wordsOf } from './line-words.ts'
import { noteMissingChroot, proveIdentity } from './open-session.ts'
import type { ShellOptions } from './options.ts'
import { Output } from './output.ts'
import { promptText } from './prompt.ts'
import { runCommand } from './run-command.ts'
import { Terminal } from './terminal.ts'

/** Waits for ever: the person sees the state in the prompt, and leaves when it takes too long. */
const foreverMs = 2 ** 31 - 1

/** Reads commands from a terminal until the person leaves. */
export async function runInteractive(
  client: Client,
  runtime: Runtime,
  options: ShellOptions,
  colour: boolean,
): Promise<number> {
  const { XDG_STATE_HOME, HOME } = process.env
  const history = new History(runtime.disk, historyFolder({ XDG_STATE_HOME, HOME }))
  const lines = createInterface({
    input: process.stdin,
    output: process.stdout,
    terminal: true,
    // readline wants the newest first.
    history: (await history.load()).reverse(),
    historySize: 1000,
    removeHistoryDuplicates: true,
    completer: (line: string, callback: (error: null, result: [string[], string]) => void) => {
      const known = takeLine === null ? completable : operations
      complete(line, { currentPath: context.currentPath, commands: known, listChildren }).then(
        (result) => callback(null, result),
        () => callback(null, [[], line]),
      )
    },
  })
  const terminal = new Terminal(lines, process.stdout)
  const output = new Output({ json: options.json, out: terminal, err: terminal, errColour: colour })
  const colours = new Chalk({ level: colour ? 1 : 0 })
  const listChildren = async (path: string): Promise<readonly string[]> => {
    if (client.state !== 'connected' && client.state !== 'readonly') return []
    return client.getChildren(path).catch(() => [])
  }
  const prompt = (): string =>
    takeLine === null ? promptText(client.state, context.currentPath, colours) : colours.cyan(blockPrompt)
  let stop = new AbortController()
  const context: CommandContext = {
    ...sharedContext(client, options),
    interactive: true,
    get stop() {
      return stop.signal
    },
    readStdin: () => {
      throw new UsageError('"-" as data works outside of the interactive shell only')
    },
    readBlock: async (take) => {
      let refused = false
      for (;;) {
        const line = await blockLine()
        if (line.trim() === '') break
        if (refused) continue
        try {
          take(line)
        } catch (error) {
          refused = true
          output.error(describeFailure(error, null))
          output.note('nothing of this block will be done; an empty line ends it')
        }
      }
      if (refused) throw new UsageError('txn: nothing was done')
    },
    quit: () => lines.close(),
  }
  const waiting: string[] = []
  /** Takes the next line instead of running it: a command reads a block. */
  let takeLine: ((line: string) => void) | null = null
  const blockLine = (): Promise<string> => {
    // Pasted text has brought it already.
    const pasted = waiting.shift()
    if (pasted !== undefined) return Promise.resolve(pasted)
    return new Promise((resolve) => {
      const { signal } = stop
      const settle = (line: string): void => {
        takeLine = null
        terminal.prompting = false
        if (!signal.aborted) resolve(line)
      }
      takeLine = settle
      signal.addEventListener('abort', () => settle(''))
      terminal.prompt(prompt())
    })
  }

  const begin = (): void => {
    // Only the end of the shell ends this; its own command reports when there is no server.
    client.connect({ timeoutMs: foreverMs }).catch(() => {})
  }
  client.on('state', (state) => {
    terminal.changePrompt(prompt())
    if (state !== 'expired') return
    output.note('the session has expired, and its ephemeral znodes are gone; a new session begins')
    runtime.timers.after(0, begin)
  })
  begin()
  proveIdentity(client, options).catch((error: unknown) => output.error(describeFailure(error, '--auth')))
  client
    .connected()
    .then(() => noteMissingChroot(client, output))
    .catch(() => {})

  let running = false
  let closed = false
  const runWaiting = async (): Promise<void> => {
    if (running) return
    running = true
    terminal.prompting = false
    while (!closed) {
      const line = waiting.shift()
      if (line === undefined) break
      stop = new AbortController()
      await runLine(line)
    }
    running = false
    if (!closed) terminal.prompt(prompt())
  }
  const runLine = async (line: string): Promise<void> => {
    let name: string | null = null
    try {
      const words = wordsOf(line)
      name = words[0] ?? null
      if (name === null) return
      const interrupted = new Promise<never>((_resolve, reject) => {
        stop.signal.addEventListener('abort', () => reject(new Error('interrupted')))
      })
      const connect = (): Promise<void> => connectedWithin(client, runtime, options.timeoutMs)
      await Promise.race([runCommand(words, context, output, connect), interrupted])
    } catch (error) {
      output.error(describeFailure(error, name))
    }
  }

  lines.on('line', (line) => {
    if (line.trim() !== '') void history.add(line)
    if (takeLine !== null) takeLine(line)
    else {
      waiting.push(line)
      void runWaiting()
    }
  })
  lines.on('SIGINT', () => {
    if (!running || takeLine !== null) terminal.cancelLine()
    if (running) stop.abort()
    else terminal.prompt(prompt())
  })
  terminal.prompt(prompt())
  await new Promise<void>((resolve) => lines.once('close', resolve))
  closed = true
  terminal.prompting = false
  process.stdout.write('\n')
  return ExitCode.done
}

const blockPrompt = 'txn> '

function completableOf(command: Command | CommandShape): CompletableCommand {
  const flags = Object.entries(command.flags)
  const forms = ([name, { short }]: (typeof flags)[number]): string[] =>
    short === undefined ? [`--${name}`] : [`-${short}`, `--${name}`]
  return {
    ...command,
    operations: 'operations' in command ? command.operations?.map(completableOf) : undefined,
    flagWords: [...flags.flatMap(forms), '--json'],
    flagsWithValue: flags.filter(([, { type }]) => type === 'string').flatMap(forms),
  }
}

const completable = commands.map(completableOf)
/** What may stand in a block. */
const operations = completable.flatMap((command) => command.operations ?? [])

async function connectedWithin(client: Client, runtime: Runtime, timeoutMs: number): Promise<void> {
  let giveUp: (error: ZkError) => void = () => {}
  const late = new Promise<never>((_resolve, reject) => {
    giveUp = reject
  })
  const timer = runtime.timers.after(timeoutMs, () =>
    giveUp(new ZkError(ErrorCode.connectionLoss, null, `no server within ${timeoutMs} ms`)),
  )
  try {
    await Promise.race([client.connected(), late])
  } finally {
    timer.cancel()
  }
}
