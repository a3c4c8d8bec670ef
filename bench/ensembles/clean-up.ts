import { rmSync } from 'node:fs'

const folders = new Set<string>()

/** Removed when the program ends before it has done so itself. */
export function rememberFolder(folder: string): void {
  folders.add(folder)
}

export function forgetFolder(folder: string): void {
  folders.delete(folder)
}

/**
 * Whatever ends the program, what it has started ends, and its folders go. Processes are killed by who has started them (see
 * `Child`), on `exit` too; killed ones may still write for a moment, thus the retries.
 */
export function cleanUpOnEnd(): void {
  process.on('exit', () => {
    for (const folder of folders)
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  })
  process.on('SIGINT', () => process.exit(130))
  process.on('SIGTERM', () => process.exit(143))
  process.on('SIGHUP', () => process.exit(129))
}
