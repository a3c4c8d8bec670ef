/**
 * A file opened for reading and writing. Its operations are not queued: the caller starts the next write, sync or
 * truncate when the one before has ended.
 */
export interface DiskFile {
  /** Writes the pieces one behind the other from `position` on. Not durable before `sync`. */
  write(pieces: readonly Uint8Array[], position: number): Promise<void>
  /** As `write`, and resolves when these pieces survive a power failure. Quicker where `open` was told of it. */
  writeDurably(pieces: readonly Uint8Array[], position: number): Promise<void>
  /** Resolves when everything written or truncated so far survives a power failure. */
  sync(): Promise<void>
  /**
   * Up to `length` bytes from `position`; fewer at the end of the file. They may be put into the beginning of `lent`, where that
   * is long enough: fresh memory for each piece of a long file costs as much as to read it, and brings garbage collections.
   */
  read(position: number, length: number, lent?: Buffer): Promise<Buffer>
  size(): Promise<number>
  truncate(size: number): Promise<void>
  close(): Promise<void>
}

/** Paths are plain strings joined with "/". Errors carry a `code` as Node's do (ENOENT, ENOSPC, EIO, ...). */
export interface Disk {
  /**
   * `create` makes the file when it is missing; otherwise a missing file rejects with ENOENT. `ownerOnly` keeps it from
   * everybody but its owner, from now on if it is there already. `durableWrites`: most writes will be such.
   */
  open(
    path: string,
    options: { create: boolean; ownerOnly?: boolean; durableWrites?: boolean },
  ): Promise<DiskFile>
  /** The whole file. */
  readFile(path: string): Promise<Buffer>
  /** Names in a folder, sorted; an empty list when the folder does not exist. */
  list(folder: string): Promise<string[]>
  makeFolder(path: string): Promise<void>
  /** Replaces `to` when it exists. Durable after `syncFolder` of the folder. */
  rename(from: string, to: string): Promise<void>
  removeFile(path: string): Promise<void>
  /** With everything in it; harmless when it is missing. */
  removeFolder(path: string): Promise<void>
  /** Makes creations, renames and removals in this folder survive a power failure. */
  syncFolder(path: string): Promise<void>
  /** Bytes that the files under this path take together; 0 when it does not exist. */
  usedBytes(path: string): Promise<number>
  /**
   * Keeps other processes out of a folder while this one lives.
   * Rejects with an error that names the holder when another live process has it. The returned call lets go.
   */
  lockFolder(path: string): Promise<() => Promise<void>>
}
