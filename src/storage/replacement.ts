import type { Disk, DiskFile } from '../runtime/disk.ts'
import type { Zxid } from '../tree/zxid.ts'
import { building, snapshotName } from './file-names.ts'
import { HistoryFolder, type HistoryOptions } from './history-folder.ts'
import { inspectRecords } from './record.ts'
import { checkSnapshot } from './snapshot-file.ts'
import type { DurableState, HistoryReplacement } from './storage-api.ts'
import { ioFailed, StorageError, whereAndWhat } from './storage-error.ts'

/** Makes a whole, durable history the server's own, together with these values, in one step. */
export type Install = (history: HistoryFolder, changes: Partial<DurableState>) => Promise<void>

const syncEveryBytes = 16 * 1024 * 1024

/**
 * A history from elsewhere, built in a folder of its own beside the present one. Until `commit` nothing refers to the
 * folder: a crash leaves the old history, and the next start removes what was half built.
 *
 * Calls take effect in the order in which they are made; after the first failure only `abandon` does anything.
 */
export class BuiltHistory implements HistoryReplacement {
  readonly #options: HistoryOptions
  readonly #install: Install
  #turn: Promise<void>
  #incoming: DiskFile | null = null
  #incomingBytes = 0
  #syncedBytes = 0
  #history: HistoryFolder | null = null
  #handedOver = false

  constructor(options: HistoryOptions, install: Install) {
    this.#options = options
    this.#install = install
    this.#turn = prepare(options.disk, options.folder)
    this.#turn.catch(() => {})
  }

  addSnapshotBytes(chunk: Buffer): Promise<void> {
    return this.#next(async () => {
      if (this.#history !== null) throw received('a piece of a snapshot behind records')
      this.#incoming ??= await this.#options.disk.open(this.#incomingPath, { create: true })
      await this.#incoming.write([chunk], this.#incomingBytes)
      this.#incomingBytes += chunk.length
      if (this.#incomingBytes - this.#syncedBytes < syncEveryBytes) return
      this.#syncedBytes = this.#incomingBytes
      await this.#incoming.sync()
    })
  }

  appendRecords(records: Buffer): Promise<void> {
    return this.#next(async () => {
      const history = await this.#open()
      const run = inspectRecords(records, history.lastZxid, { checksums: true })
      if (run.problem !== null) throw received(`records with ${run.problem}`)
      if (run.count === 0) return
      await new Promise<void>((resolve, reject) => {
        history.append(records, run.last, (failure) => (failure === null ? resolve() : reject(failure)))
      })
    })
  }

  commit(changes: Partial<DurableState>): Promise<void> {
    return this.#next(async () => {
      const history = await this.#open()
      this.#handedOver = true
      await this.#install(history, changes).catch(async (cause: unknown) => {
        await history.drop().catch(() => {})
        throw cause
      })
    })
  }

  /**
   * Removes what was built, unless `commit` came to the step that makes it the server's own: should that have failed, the
   * disk may name this folder as the history or the one before, so both stay until the next start has found out which.
   */
  async abandon(): Promise<void> {
    await this.#turn.catch(() => {})
    if (this.#handedOver) return
    this.#turn = Promise.reject(received('more for a history that was given up'))
    this.#turn.catch(() => {})
    try {
      await this.#incoming?.close()
      this.#incoming = null
      await this.#history?.drop()
      await this.#options.disk.removeFolder(this.#options.folder)
    } catch (cause) {
      throw ioFailed(`removing ${this.#options.folder}, which was half built,`, cause)
    }
  }

  get #incomingPath(): string {
    return `${this.#options.folder}/${building('incoming')}`
  }

  #next(work: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(work).catch((cause: unknown) => {
      throw ioFailed(`building ${this.#options.folder}`, cause)
    })
    return this.#turn
  }

  /** The snapshot is complete now: it is checked from end to end, and the log is begun behind it. */
  async #open(): Promise<HistoryFolder> {
    if (this.#history !== null) return this.#history
    const { disk, folder } = this.#options
    if (this.#incoming !== null) {
      await this.#incoming.sync()
      await this.#incoming.close()
      this.#incoming = null
      const zxid = await checkReceived(disk, this.#incomingPath)
      await disk.rename(this.#incomingPath, `${folder}/${snapshotName(zxid)}`)
    }
    this.#history = await HistoryFolder.open(this.#options)
    return this.#history
  }
}

async function prepare(disk: Disk, folder: string): Promise<void> {
  await disk.removeFolder(folder)
  await disk.makeFolder(folder)
}

async function checkReceived(disk: Disk, path: string): Promise<Zxid> {
  try {
    return (await checkSnapshot(disk, path)).zxid
  } catch (error) {
    if (!(error instanceof StorageError) || error.damage === null) throw error
    throw received(`a damaged snapshot (${whereAndWhat(error.damage)})`)
  }
}

const received = (found: string): StorageError =>
  new StorageError('RECEIVED', `received ${found}. Way out: give this history up and ask for it again.`)
