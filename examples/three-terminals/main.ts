import { spawnSync } from 'node:child_process'
import { makeEnsemble, removeEnsemble } from './ensemble.ts'
import { HeadlessStage } from './headless-stage.ts'
import { Interrupted, type Stage } from './stage.ts'
import { tell } from './story.ts'
import { TmuxStage } from './tmux-stage.ts'

const help = `examples/three-terminals/run [--headless]

Three servers and a shell: creates znodes, kills the leader, shows the new one, reads everything back.
Ports and data are its own, and everything is stopped in the end, also on Ctrl-C.

  --headless  without tmux and without pauses, on standard output
  --help      this text

Exit codes: 0 all went as told, 1 something did not, 2 wrong usage, 130 ended by Ctrl-C.
`

const interruptedExitCode = 130

/** Returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const unknown = argv.find((argument) => argument !== '--headless' && argument !== '--help')
  if (unknown !== undefined) {
    process.stderr.write(`found ${unknown}, expected --headless or nothing\n\n${help}`)
    return 2
  }
  if (argv.includes('--help')) {
    process.stdout.write(help)
    return 0
  }
  const headless = argv.includes('--headless')
  const fault = headless ? null : tmuxFault()
  if (fault !== null) {
    process.stderr.write(`${fault}; --headless does without\n`)
    return 1
  }
  return play(headless)
}

function tmuxFault(): string | null {
  if (spawnSync('tmux', ['-V']).status !== 0) return 'tmux is not installed'
  if (!process.stdin.isTTY || !process.stdout.isTTY) return 'this is not a terminal, which tmux needs'
  return null
}

async function play(headless: boolean): Promise<number> {
  const interrupt = new AbortController()
  const leave = (): void => interrupt.abort(new Interrupted())
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, leave)
  const ensemble = await makeEnsemble()
  let stage: Stage | null = null
  try {
    stage = headless
      ? new HeadlessStage(ensemble, interrupt.signal)
      : await TmuxStage.open(ensemble, interrupt.signal, leave)
    await tell(stage, ensemble, interrupt.signal)
    return 0
  } catch (error) {
    if (interrupt.signal.aborted) return interruptedExitCode
    // Only behind the stage, which may fill the screen.
    await stage?.close()
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  } finally {
    await stage?.close()
    await removeEnsemble(ensemble)
  }
}
