import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeProcesses } from '../../src/runtime/node-processes.ts'
import type { ChildProcess, ProcessEnd } from '../../src/runtime/processes.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'banyan-processes-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Runs a script as a child. `onText` is given all that it has said so far. */
async function run(
  name: string,
  source: string,
  args: string[] = [],
  onText: (text: string, child: ChildProcess) => void = () => {},
): Promise<{ end: ProcessEnd; text: string }> {
  const script = join(folder, name)
  await writeFile(script, source)
  return new Promise((resolve) => {
    let text = ''
    const child = nodeProcesses.start({
      script,
      args,
      onOutput: (bytes) => {
        text += bytes.toString()
        onText(text, child)
      },
      onEnd: (end) => resolve({ end, text }),
    })
  })
}

describe('node processes', () => {
  it('a child -> its arguments, both outputs and its exit code', async () => {
    const { end, text } = await run(
      'says.mjs',
      `console.log(process.argv[2]); console.error('err'); process.exitCode = 7`,
      ['hello'],
    )
    expect(end).toEqual({ code: 7, signal: null })
    expect(text.split('\n').sort()).toEqual(['', 'err', 'hello'])
  })

  it('a signal -> the child ends by it', async () => {
    const { end } = await run(
      'waits.mjs',
      `setInterval(() => {}, 1000); console.log('ready')`,
      [],
      (_text, child) => child.kill('SIGTERM'),
    )
    expect(end).toEqual({ code: null, signal: 'SIGTERM' })
  })

  it('a parent killed outright -> its children notice', async () => {
    const module = new URL('../../src/runtime/node-processes.ts', import.meta.url).href
    const grandchild = join(folder, 'grandchild.mjs')
    await writeFile(
      grandchild,
      `import { nodeProcesses } from ${JSON.stringify(module)}
       nodeProcesses.onStopRequest((reason) => { console.log('stops on ' + reason); process.exit(0) })
       setInterval(() => {}, 1000)
       console.log('ready')`,
    )
    // The grandchild holds the same pipe, so it can be heard after the child is gone.
    const child = `import { spawn } from 'node:child_process'
      const { argv, execPath, execArgv } = process
      spawn(execPath, [...execArgv, argv[2]], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })`
    process.env['NODE_OPTIONS'] = '--import tsx'
    try {
      const { end, text } = await run('parent.mjs', child, [grandchild], (said, process) => {
        if (said === 'ready\n') process.kill('SIGKILL')
      })
      expect(end).toEqual({ code: null, signal: 'SIGKILL' })
      expect(text).toBe('ready\nstops on the end of the parent process\n')
    } finally {
      delete process.env['NODE_OPTIONS']
    }
  })
})
