import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type DemoEnsemble, serverIds } from './ensemble.ts'
import { shellEnvironment } from './shell-environment.ts'
import { Interrupted, type Stage } from './stage.ts'

const run = promisify(execFile)

/** How long a person looks at what just happened, beside the time to read what was said. */
const lookMs = 350
const readMsPerCharacter = 14
const endMs = 3000

/** Plays in four panes of tmux: three servers above, a shell below, into which the story is typed. */
export class TmuxStage implements Stage {
  readonly #ensemble: DemoEnsemble
  /** A tmux server of its own: the audience's sessions, key bindings and options stay as they are. */
  readonly #socket = `banyan-${process.pid}`
  readonly #panes = new Map<number | 'shell', string>()
  readonly #pids = new Set<number>()
  readonly #signal: AbortSignal
  #attached: ChildProcess | null = null

  private constructor(ensemble: DemoEnsemble, signal: AbortSignal) {
    this.#ensemble = ensemble
    this.#signal = signal
  }

  /** `onLeave` is called when the audience leaves, by Ctrl-C. Rejects when there is no tmux. */
  static async open(ensemble: DemoEnsemble, signal: AbortSignal, onLeave: () => void): Promise<TmuxStage> {
    const stage = new TmuxStage(ensemble, signal)
    try {
      await stage.#build()
    } catch (error) {
      await stage.close()
      throw error
    }
    stage.#attach(onLeave)
    return stage
  }

  async say(text: string): Promise<void> {
    await this.#enter(`# ${text}`)
    await this.#pause(lookMs + text.length * readMsPerCharacter)
  }

  async end(text: string): Promise<void> {
    await this.say(text)
    await this.#pause(endMs)
  }

  async type(command: string): Promise<void> {
    await this.#enter(command)
    const code = (await readFile(this.#statusFile, 'utf8')).trim()
    if (code !== '0') throw new Error(`"${command}" failed with exit code ${code}`)
    await this.#pause(lookMs)
  }

  async startServer(id: number): Promise<number> {
    const pane = this.#paneOf(id)
    await this.#tmux('respawn-pane', '-k', '-t', pane, `exec zkserver ${id} ${this.#ensemble.configFile}`)
    const pid = Number(await this.#tmux('display-message', '-p', '-t', pane, '#{pane_pid}'))
    this.#pids.add(pid)
    return pid
  }

  async close(): Promise<void> {
    // What tmux asks its panes to do, a server might do in its own time: the data folder is about to go.
    for (const pid of this.#pids) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended before.
      }
    }
    const left = this.#attached
    const gone = left === null || left.exitCode !== null ? null : new Promise((r) => left.once('exit', r))
    await this.#tmux('kill-server').catch(() => '')
    await gone
  }

  get #statusFile(): string {
    return join(this.#ensemble.folder, 'status')
  }

  get #startFile(): string {
    return join(this.#ensemble.folder, 'bashrc')
  }

  async #build(): Promise<void> {
    const { columns = 160, rows = 48 } = process.stdout
    const waiting = 'exec cat'
    await writeFile(this.#startFile, this.#shellStart())
    const shell = `exec bash --noprofile --rcfile ${this.#startFile} -i`
    const first = await this.#tmux(
      ...['-f', '/dev/null', 'new-session', '-d', '-x', String(columns), '-y', String(rows)],
      ...['-P', '-F', '#{pane_id}', waiting],
    )
    for (const [option, value] of [
      ['remain-on-exit', 'on'],
      ['pane-border-status', 'top'],
      ['pane-border-format', ' #{pane_title} '],
      ['status', 'off'],
    ] as const) {
      await this.#tmux('set-option', '-g', option, value)
    }
    await this.#tmux('bind-key', '-n', 'C-c', 'detach-client')
    const split = (target: string, ...how: string[]): Promise<string> =>
      this.#tmux('split-window', '-d', '-t', target, '-P', '-F', '#{pane_id}', ...how)
    const shellPane = await split(first, '-v', '-l', '60%', shell)
    const third = await split(first, '-h', '-l', '33%', waiting)
    const second = await split(first, '-h', '-l', '50%', waiting)
    this.#panes.set('shell', shellPane)
    for (const [i, pane] of [first, second, third].entries()) {
      const id = serverIds[i] ?? 0
      this.#panes.set(id, pane)
      await this.#tmux('select-pane', '-t', pane, '-T', `server ${id}`)
    }
    await this.#tmux('select-pane', '-t', shellPane, '-T', 'shell (Ctrl-C ends the demo)')
    await this.#prompt()
    await this.#enter('clear')
  }

  #attach(onLeave: () => void): void {
    const environment = { ...process.env }
    // So that it also works within tmux.
    delete environment['TMUX']
    this.#attached = spawn('tmux', ['-L', this.#socket, 'attach-session'], {
      env: environment,
      stdio: 'inherit',
    })
    this.#attached.once('exit', onLeave)
  }

  /** Types a line and waits until the shell asks for the next one. */
  async #enter(line: string): Promise<void> {
    const pane = this.#paneOf('shell')
    if (this.#signal.aborted) throw new Interrupted()
    await this.#tmux('send-keys', '-t', pane, '-l', line)
    await this.#tmux('send-keys', '-t', pane, 'Enter')
    await this.#prompt()
  }

  /** The shell tells of each prompt, with the exit code of what was before; a prompt that came already counts. */
  async #prompt(): Promise<void> {
    try {
      await run('tmux', ['-L', this.#socket, 'wait-for', 'prompt'], { signal: this.#signal })
    } catch (error) {
      if (this.#signal.aborted) throw new Interrupted()
      throw error
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer)
        reject(new Interrupted())
      }
      const timer = setTimeout(() => {
        this.#signal.removeEventListener('abort', leave)
        resolve()
      }, ms)
      this.#signal.addEventListener('abort', leave, { once: true })
    })
  }

  #paneOf(name: number | 'shell'): string {
    const pane = this.#panes.get(name)
    if (pane === undefined) throw new Error(`there is no pane for ${name}`)
    return pane
  }

  async #tmux(...args: string[]): Promise<string> {
    const { stdout } = await run('tmux', ['-L', this.#socket, ...args], { env: this.#environment() })
    return stdout.trim()
  }

  /** The panes inherit that of the first command, which starts tmux's server. */
  #environment(): NodeJS.ProcessEnv {
    return { ...process.env, ...shellEnvironment(this.#ensemble) }
  }

  #shellStart(): string {
    return [
      "PS1='\\[\\e[1;32m\\]$\\[\\e[0m\\] '",
      `PROMPT_COMMAND='echo $? > ${this.#statusFile}; tmux -L ${this.#socket} wait-for -S prompt'`,
      '',
    ].join('\n')
  }
}
