import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { until } from '../processes/harness/until.ts'

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly left: readonly string[]
  /** Where its temporary files were. */
  readonly folder: string
}

/** Runs the program with a folder of its own for temporary files; says what it has left there. */
function bench(args: readonly string[], signalAt?: { signal: NodeJS.Signals; said: string }): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), 'banyan-bench-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const env = { ...process.env, NO_COLOR: '1', TMPDIR: folder }
  const child = spawn(process.execPath, ['--import', 'tsx', 'bench/main.ts', ...args], { env })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
    if (signalAt !== undefined && stderr.includes(signalAt.said)) child.kill(signalAt.signal)
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      const left = readdirSync(folder).filter((name) => name.startsWith('banyan-bench-'))
      resolve({ code, stdout, stderr, left, folder })
    })
  })
}

/** Processes with this text in their command line. Linux only: none elsewhere. */
function processesWith(text: string): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && commandLine(name).includes(text))
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    // It has just ended.
    return ''
  }
}

describe('npm run bench', () => {
  it('one scenario, Banyan alone, as JSON -> one object, nothing else, and nothing left behind', async () => {
    expect(inject('buildFault')).toBeNull()
    const { code, stdout, stderr, left } = await bench([
      'start-up',
      '--rounds',
      '1',
      '--banyan-only',
      '--json',
    ])
    expect(stderr).toContain('given up after')
    expect(code).toBe(0)
    const { lines, settings } = JSON.parse(stdout) as { lines: { banyan: number[] }[]; settings: object }
    expect(settings).toMatchObject({ rounds: 1 })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({ scenario: 'start-up', zookeeper: [], ratio: null, unit: 'ms' })
    expect(lines[0]?.banyan[0]).toBeGreaterThan(0)
    expect(left).toEqual([])
  })

  it('interrupted while servers run -> exit code 130, servers and folders are gone', async () => {
    const { code, stdout, left, folder } = await bench(['load', '--banyan-only'], {
      signal: 'SIGINT',
      said: 'warming Banyan up',
    })
    expect(code).toBe(130)
    await until('the servers to be gone', () => processesWith(folder).length === 0)
    expect(stdout).toBe('')
    expect(left).toEqual([])
  })

  it('a scenario that does not exist -> exit code 2, and which there are', async () => {
    const { code, stderr } = await bench(['speed'])
    expect(code).toBe(2)
    expect(stderr).toContain('found scenario speed; expected some of load,')
  })
})
