import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import { until } from '../processes/harness/until.ts'

const program = join(import.meta.dirname, '../../examples/three-terminals/run')

interface Run {
  output(): string
  readonly ended: Promise<number | null>
  interrupt(): void
  /** What it left in the folder for temporary files. */
  leftBehind(): string[]
  readonly folder: string
}

function start(command: string, args: readonly string[]): Run {
  expect(inject('buildFault')).toBeNull()
  const folder = mkdtempSync(join(tmpdir(), 'banyan-example-test-'))
  const child = spawn(command, args, {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => {
    child.kill('SIGTERM')
    rmSync(folder, { recursive: true, force: true })
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes) => {
      output += String(bytes)
    })
  }
  return {
    output: () => output,
    ended: new Promise((resolve) => child.once('close', resolve)),
    interrupt: () => child.kill('SIGINT'),
    leftBehind: () => readdirSync(folder).filter((name) => name.startsWith('banyan-')),
    folder,
  }
}

/** Processes whose command line names this folder, as the servers' do. */
function processesOf(folder: string): string[] {
  const commandLine = (pid: string): string => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    } catch {
      // It has just ended.
      return ''
    }
  }
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && commandLine(name).includes(folder))
}

test('three terminals: headless -> the story ends well and leaves nothing behind', async () => {
  const demo = start(program, ['--headless'])
  expect([await demo.ended, demo.output()]).toEqual([0, expect.stringContaining('Nothing was lost.')])
  expect(demo.output()).toContain('# Server 2 leads.')
  expect(demo.output()).toContain('\nhello\n')
  expect(demo.output()).toContain('\nwritten while server 3 was dead\n')
  expect(demo.leftBehind()).toEqual([])
  expect(processesOf(demo.folder)).toEqual([])
})

test('three terminals: Ctrl-C in the middle -> everything is stopped and removed', async () => {
  const demo = start(program, ['--headless'])
  await until('the story to get on', () => demo.output().includes('# Server 3 leads'))
  demo.interrupt()
  expect(await demo.ended).toBe(130)
  expect(demo.leftBehind()).toEqual([])
  expect(processesOf(demo.folder)).toEqual([])
})

test('three terminals: wrong usage -> told, exit 2', async () => {
  const demo = start(program, ['--fast'])
  expect(await demo.ended).toBe(2)
  expect(demo.output()).toContain('--fast')
})
