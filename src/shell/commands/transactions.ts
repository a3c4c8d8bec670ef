import type { Transaction, TransactionResult } from '../../client/index.ts'
import { ErrorCode, TransactionError, ZkError } from '../../client/index.ts'
import { onePath, versionFlag } from '../argument-shapes.ts'
import type { Command, CommandArguments, CommandContext, CommandShape } from '../command.ts'
import { parseArguments, UsageError, usageLine } from '../command.ts'
import { createdPath, createFlags, createOptions, createUsage } from '../create-options.ts'
import { wordsOf } from '../line-words.ts'
import type { Output } from '../output.ts'
import { statFields } from '../stat-text.ts'
import { resolvePath } from '../znode-path.ts'

/** One kind of operation: how it is written, and how it is added to a transaction. */
interface OperationKind extends CommandShape {
  readonly name: TransactionResult['type']
  add(transaction: Transaction, path: string, args: CommandArguments): void
}

const kinds: readonly OperationKind[] = [
  {
    ...onePath,
    name: 'create',
    usage: `${createUsage} <path> [data]`,
    flags: createFlags,
    positionalsMax: 2,
    add: (transaction, path, args) =>
      void transaction.create(path, args.positionals[1] ?? null, createOptions(args)),
  },
  {
    ...onePath,
    name: 'set',
    usage: '[-v version] <path> <data>',
    flags: versionFlag,
    positionalsMin: 2,
    positionalsMax: 2,
    add: (transaction, path, args) =>
      void transaction.set(path, args.positionals[1] ?? null, { version: args.count('version') }),
  },
  {
    ...onePath,
    name: 'delete',
    usage: '[-v version] <path>',
    flags: versionFlag,
    add: (transaction, path, args) => void transaction.delete(path, { version: args.count('version') }),
  },
  {
    ...onePath,
    name: 'check',
    usage: '[-v version] <path>',
    flags: versionFlag,
    add: (transaction, path, args) => void transaction.check(path, { version: args.count('version') }),
  },
]

interface Operation {
  readonly kind: OperationKind
  readonly path: string
  readonly args: CommandArguments
}

const txn: Command = {
  name: 'txn',
  aliases: ['multi'],
  usage: '[<operation> [; <operation> ...]]',
  summary: 'make several changes all together or not at all',
  details: [
    'Without operations, they are read from the lines that follow, up to an empty one.',
    'Each sees what those before it did. check lets all fail unless the znode is there, with that version.',
  ],
  examples: ['txn check -v 3 /app ; set /app new ; create /app/log-3', 'txn'],
  flags: {},
  positionalsMin: 0,
  positionalsMax: Number.MAX_SAFE_INTEGER,
  pathArguments: [],
  operations: kinds,
  needsServer: true,
  async run(context, args, out) {
    const operations: Operation[] = []
    const transaction = context.client.transaction()
    const take = (words: readonly string[]): void => {
      const operation = readOperation(context, words)
      // The library refuses what contradicts itself, such as an ephemeral node with a time to live.
      operation.kind.add(transaction, operation.path, operation.args)
      operations.push(operation)
    }
    if (args.positionals.length === 0) {
      await context.readBlock((line) =>
        numbered(operations.length + 1, 'one operation a line, up to an empty line', () =>
          take(wordsOf(line)),
        ),
      )
    } else {
      for (const words of atSemicolons(args.positionals)) {
        numbered(operations.length + 1, 'txn <operation> [; <operation> ...]', () => take(words))
      }
    }
    let results: readonly TransactionResult[]
    try {
      results = await transaction.commit()
    } catch (error) {
      if (error instanceof TransactionError) printFailure(out, operations, error)
      throw error
    }
    for (const [i, result] of results.entries()) printResult(out, i + 1, operations[i]?.path ?? '', result)
  },
}

function atSemicolons(words: readonly string[]): string[][] {
  const operations: string[][] = [[]]
  for (const word of words) {
    if (word === ';') operations.push([])
    else operations.at(-1)?.push(word)
  }
  // One at the end closes the last operation.
  return operations.filter((operation, i) => operation.length > 0 || i < operations.length - 1)
}

/** Says of what is wrong with the form of an operation which one it is, and what the whole is to look like. */
function numbered(operation: number, form: string, read: () => void): void {
  try {
    read()
  } catch (error) {
    if (!(error instanceof UsageError || ZkError.is(error, 'badArguments'))) throw error
    throw new UsageError(`txn: operation ${operation}: ${error.message} (the form is ${form})`)
  }
}

function readOperation(context: CommandContext, words: readonly string[]): Operation {
  const [name = '', ...rest] = words
  const kind = kinds.find((other) => other.name === name)
  if (kind === undefined) {
    throw new UsageError(`found "${name}", expected one of ${kinds.map(usageLine).join('; ')}`)
  }
  const args = parseArguments(kind, rest)
  const typed = args.positionals[0] ?? ''
  const path =
    name === 'create'
      ? createdPath(context.currentPath, typed, args.has('sequential'))
      : resolvePath(context.currentPath, typed)
  return { kind, path, args }
}

function printResult(out: Output, operation: number, asked: string, result: TransactionResult): void {
  const { type } = result
  const path = type === 'create' ? result.path : asked
  const stat = 'stat' in result ? result.stat : null
  out.result({
    text: `${operation}  ${type} ${path}: done${type === 'set' ? `, version ${result.stat.version}` : ''}`,
    json: { operation, type, path, done: true, ...(stat === null ? {} : { stat: statFields(stat) }) },
  })
}

/** All of them, because the lines above the failed one would otherwise be taken for done. */
function printFailure(out: Output, operations: readonly Operation[], error: TransactionError): void {
  for (const [i, { kind, path }] of operations.entries()) {
    const failed = i === error.failedIndex
    const reason = new ZkError(error.codes[i] ?? ErrorCode.systemError)
    out.result({
      text: `${i + 1}  ${kind.name} ${path}: ${failed ? `failed: ${reason.message}` : 'not done'}`,
      json: { operation: i + 1, type: kind.name, path, done: false, error: failed ? error.name : null },
    })
  }
}

export const transactionCommands: readonly Command[] = [txn]
