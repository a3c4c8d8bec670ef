import { describe, expect, test } from 'vitest'
import type { CompletableCommand } from '../../src/shell/completion.ts'
import { complete } from '../../src/shell/completion.ts'

const tree: Record<string, string[]> = {
  '/': ['app', 'apple', 'two words', 'zookeeper'],
  '/app': ['one', 'other'],
  '/app/one': ['deep'],
  '/apple': [],
  '/zookeeper': ['quota'],
}

const commands: CompletableCommand[] = [
  { name: 'get', pathArguments: [0], flagWords: ['--json'], flagsWithValue: [] },
  { name: 'getacl', pathArguments: [0], flagWords: [], flagsWithValue: [] },
  {
    name: 'set',
    pathArguments: [0],
    flagWords: ['-v', '--version', '--json'],
    flagsWithValue: ['-v', '--version'],
  },
  {
    name: 'addauth',
    pathArguments: [],
    choices: { 0: ['digest', 'ip'] },
    flagWords: ['--json'],
    flagsWithValue: [],
  },
  {
    name: 'txn',
    pathArguments: [],
    flagWords: ['--json'],
    flagsWithValue: [],
    operations: [
      { name: 'check', pathArguments: [0], flagWords: ['-v'], flagsWithValue: ['-v'] },
      { name: 'create', pathArguments: [0], flagWords: ['-e'], flagsWithValue: [] },
    ],
  },
  { name: 'help', pathArguments: [], commandArguments: [0], flagWords: [], flagsWithValue: [] },
]

function completeIn(currentPath: string, line: string): Promise<[string[], string]> {
  return complete(line, { currentPath, commands, listChildren: async (path) => tree[path] ?? [] })
}

describe('completion', () => {
  test.each<[string, string, string[], string]>([
    ['/', '', ['addauth ', 'get ', 'getacl ', 'help ', 'set ', 'txn '], ''],
    ['/', 'ge', ['get ', 'getacl '], 'ge'],
    ['/', 'nonsense ', [], ''],
    ['/', 'help s', ['set '], 's'],
    ['/', 'get /ap', ['/app', '/apple'], '/ap'],
    ['/', 'get /zoo', ['/zookeeper/'], '/zoo'],
    ['/', 'get /apple', ['/apple '], '/apple'],
    ['/', 'get /app/', ['/app/one', '/app/other'], '/app/'],
    ['/app', 'get o', ['one', 'other'], 'o'],
    ['/app', 'get on', ['one/'], 'on'],
    ['/app', 'get ', ['one', 'other'], ''],
    ['/app', 'get ../zo', ['../zookeeper/'], '../zo'],
    ['/app', 'get /nowhere/x', [], '/nowhere/x'],
    ['/', 'get /two', ['/two\\ words '], '/two'],
    ['/', 'get "/two w', ['/two\\ words '], '"/two w'],
    ['/', 'get /app x', [], 'x'],
    ['/', 'set -', ['-v ', '--version ', '--json '], '-'],
    ['/', 'set --v', ['--version '], '--v'],
    ['/', 'set -v ', [], ''],
    ['/', 'set -v 3 /apple', ['/apple '], '/apple'],
    ['/', 'getA', ['getacl '], 'getA'],
    ['/', 'getAcl /zo', ['/zookeeper/'], '/zo'],
    ['/', 'addauth d', ['digest '], 'd'],
    ['/', 'addauth digest ', [], ''],
    ['/', 'txn ', ['check ', 'create '], ''],
    ['/', 'txn check -v 3 /zo', ['/zookeeper/'], '/zo'],
    ['/', 'txn check /app ; cr', ['create '], 'cr'],
    ['/', 'txn check /app ; create -', ['-e '], '-'],
    ['/', 'txn check /app ; create /app/', ['/app/one', '/app/other'], '/app/'],
  ])('in %s: %j', async (currentPath, line, candidates, typed) => {
    expect(await completeIn(currentPath, line)).toEqual([candidates, typed])
  })
})
