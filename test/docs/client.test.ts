import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import { Ensemble } from '../processes/harness/ensemble.ts'

const root = join(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/client.md'), 'utf8')

/** All that the page shows, in its order. */
const program = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1]).join('\n')

/** A folder inside the package, where the program may import `banyan` by name. Git and the linter look away from `data`. */
function folderWithProgram(): string {
  mkdirSync(join(root, 'data'), { recursive: true })
  const folder = mkdtempSync(join(root, 'data/docs-client-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'program.ts'), program)
  return folder
}

/** What a program of ours printed, behind its exit code. */
function run(
  name: 'tsc' | 'tsx',
  args: readonly string[],
  cwd: string,
  servers = '',
): [number | null, string] {
  const { status, stdout, stderr } = spawnSync(join(root, 'node_modules/.bin', name), args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, SERVERS: servers },
    timeout: 50_000,
  })
  return [status, stdout + stderr]
}

beforeAll(() => expect(inject('buildFault')).toBeNull())

test('docs/client.md: its snippets, joined -> type-check as strictly as our own code', () => {
  const folder = folderWithProgram()
  const config = { extends: join(root, 'tsconfig.json'), include: ['program.ts'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  expect(run('tsc', [], folder)).toEqual([0, ''])
})

test('docs/client.md: its snippets, joined, against one server -> run to the end and print what the page says', async () => {
  const ensemble = await Ensemble.start({ count: 1, settings: { extendedTypesEnabled: 'yes' } })
  const [status, printed] = run('tsx', ['program.ts'], folderWithProgram(), ensemble.addresses)
  expect(`${printed}\nexit code ${status}`).toBe(`1 check badVersion
[ '/app/worker-0000000000' ]
[
  { scheme: 'ip', user: '127.0.0.1' },
  { scheme: 'digest', user: 'bob' }
]
dataChanged /app
dataChanged
{
  path: '/app',
  limits: { count: 1000, bytes: null, countHard: null, bytesHard: 10000000 },
  usage: { count: 5, bytes: 12 }
}

exit code 0`)
})
