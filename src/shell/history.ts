import type { Disk } from '../runtime/disk.ts'

const linesMax = 1000

/** The environment variables that say where a program keeps its state. */
export interface StateEnvironment {
  readonly XDG_STATE_HOME?: string | undefined
  readonly HOME?: string | undefined
}

/** Where the history is kept: below XDG_STATE_HOME, or ~/.local/state. Null when neither is known. */
export function historyFolder(environment: StateEnvironment): string | null {
  const state = environment.XDG_STATE_HOME
  if (state?.startsWith('/')) return `${state}/banyan`
  const home = environment.HOME
  return home === undefined || home === '' ? null : `${home}/.local/state/banyan`
}

/**
 * The lines typed in earlier runs, one a line in a file, oldest first. Losing it is no harm: a disk that refuses makes a
 * shell without memory, not one that fails.
 */
export class History {
  readonly #disk: Disk
  readonly #folder: string | null
  #writing: Promise<void> = Promise.resolve()

  constructor(disk: Disk, folder: string | null) {
    this.#disk = disk
    this.#folder = folder
  }

  /** The newest lines, oldest first. A file that has grown long is cut to them. */
  async load(): Promise<string[]> {
    if (this.#folder === null) return []
    try {
      const text = (await this.#disk.readFile(`${this.#folder}/history`)).toString('utf8')
      const lines = text.split('\n').filter((line) => line !== '')
      const kept = lines.slice(-linesMax)
      if (lines.length > 2 * linesMax) await this.#replace(kept)
      return kept
    } catch {
      return []
    }
  }

  /** Resolves when the line is in the file, or when it is clear that it will not be. Passwords are not kept. */
  add(line: string): Promise<void> {
    if (/^\s*addauth\b/i.test(line)) return Promise.resolve()
    this.#writing = this.#writing.then(() => this.#append(line))
    return this.#writing
  }

  async #append(line: string): Promise<void> {
    if (this.#folder === null) return
    try {
      await this.#disk.makeFolder(this.#folder)
      const file = await this.#disk.open(`${this.#folder}/history`, { create: true, ownerOnly: true })
      try {
        await file.write([Buffer.from(`${line}\n`)], await file.size())
      } finally {
        await file.close()
      }
    } catch {
      // Nothing is worth interrupting the person for.
    }
  }

  async #replace(lines: readonly string[]): Promise<void> {
    const file = await this.#disk.open(`${this.#folder}/history.new`, { create: true, ownerOnly: true })
    try {
      await file.truncate(0)
      await file.write([Buffer.from(lines.map((line) => `${line}\n`).join(''))], 0)
    } finally {
      await file.close()
    }
    await this.#disk.rename(`${this.#folder}/history.new`, `${this.#folder}/history`)
  }
}
