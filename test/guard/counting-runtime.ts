import type { Disk, DiskFile } from '../../src/runtime/disk.ts'
import type { Address, Connection, ConnectionHandlers, Network } from '../../src/runtime/network.ts'
import type { Runtime } from '../../src/runtime/runtime.ts'

/** What has passed through the runtimes of an ensemble and its clients. */
export class Traffic {
  framesFromLeader = 0
  bytesFromLeader = 0
  framesFromFollowers = 0
  bytesFromFollowers = 0
  /** Frames between servers that are no second sending of the same bytes. */
  framesEncoded = 0
  /** Pieces in which they came: what one turn writes to a connection is one. */
  packetsBetweenServers = 0
  writesToClients = 0
  bytesToClients = 0
  packetsToClients = 0
  diskWrites = 0
  diskSyncs = 0
  diskBytes = 0
}

export interface Ports {
  readonly client: number
  readonly leader: number
}

/** A runtime that adds what passes through it to `traffic`, and changes nothing. The peer port is left out: it follows time. */
export function countingRuntime(runtime: Runtime, ports: Ports, traffic: Traffic): Runtime {
  const { clock, timers, random, log } = runtime
  return {
    clock,
    timers,
    random,
    log,
    network: countingNetwork(runtime.network, ports, traffic),
    disk: countingDisk(runtime.disk, traffic),
  }
}

/** Frames of which the bytes are known: kept for a moment, as a frame goes to all servers in one go. */
const sent = new WeakSet<Uint8Array>()

function countingNetwork(network: Network, ports: Ports, traffic: Traffic): Network {
  return {
    listen: (address, onConnection) =>
      network.listen(address, (connection) => onConnection(counted(connection, address, 'taken'))),
    connect: async (address, timeoutMs) =>
      counted(await network.connect(address, timeoutMs), address, 'made'),
  }

  function counted(connection: Connection, { port }: Address, how: 'taken' | 'made'): Connection {
    if (port === ports.leader) {
      const noteFrame = how === 'taken' ? fromLeader : fromFollower
      return new CountingConnection(connection, noteFrame, () => traffic.packetsBetweenServers++)
    }
    if (port !== ports.client) return connection
    if (how === 'taken') return new CountingConnection(connection, toClient, () => {})
    return new CountingConnection(
      connection,
      () => {},
      () => traffic.packetsToClients++,
    )
  }

  function fromLeader(bytes: Uint8Array): void {
    traffic.framesFromLeader++
    traffic.bytesFromLeader += bytes.length
    noteEncoded(bytes)
  }

  function fromFollower(bytes: Uint8Array): void {
    traffic.framesFromFollowers++
    traffic.bytesFromFollowers += bytes.length
    noteEncoded(bytes)
  }

  function noteEncoded(bytes: Uint8Array): void {
    if (!sent.has(bytes)) traffic.framesEncoded++
    sent.add(bytes)
  }

  function toClient(bytes: Uint8Array): void {
    traffic.writesToClients++
    traffic.bytesToClients += bytes.length
  }
}

class CountingConnection implements Connection {
  readonly #connection: Connection
  readonly #onWrite: (bytes: Uint8Array) => void
  readonly #onPiece: () => void

  constructor(connection: Connection, onWrite: (bytes: Uint8Array) => void, onPiece: () => void) {
    this.#connection = connection
    this.#onWrite = onWrite
    this.#onPiece = onPiece
  }

  get remote(): Address {
    return this.#connection.remote
  }

  get bufferedBytes(): number {
    return this.#connection.bufferedBytes
  }

  get closed(): boolean {
    return this.#connection.closed
  }

  setHandlers(handlers: ConnectionHandlers): void {
    const { onDrain, onEnd } = handlers
    this.#connection.setHandlers({
      onData: (bytes) => {
        this.#onPiece()
        handlers.onData(bytes)
      },
      ...(onDrain === undefined ? {} : { onDrain: onDrain.bind(handlers) }),
      ...(onEnd === undefined ? {} : { onEnd: onEnd.bind(handlers) }),
      onClose: (reason) => handlers.onClose(reason),
    })
  }

  write(bytes: Uint8Array): boolean {
    this.#onWrite(bytes)
    return this.#connection.write(bytes)
  }

  pause(): void {
    this.#connection.pause()
  }

  resume(): void {
    this.#connection.resume()
  }

  end(): void {
    this.#connection.end()
  }

  destroy(): void {
    this.#connection.destroy()
  }
}

function countingDisk(disk: Disk, traffic: Traffic): Disk {
  return {
    open: async (path, options) => countingFile(await disk.open(path, options), traffic),
    readFile: (path) => disk.readFile(path),
    list: (folder) => disk.list(folder),
    makeFolder: (path) => disk.makeFolder(path),
    rename: (from, to) => disk.rename(from, to),
    removeFile: (path) => disk.removeFile(path),
    removeFolder: (path) => disk.removeFolder(path),
    syncFolder: (path) => disk.syncFolder(path),
    usedBytes: (path) => disk.usedBytes(path),
    lockFolder: (path) => disk.lockFolder(path),
  }
}

function countingFile(file: DiskFile, traffic: Traffic): DiskFile {
  function noteWrite(pieces: readonly Uint8Array[]): void {
    traffic.diskWrites++
    for (const piece of pieces) traffic.diskBytes += piece.length
  }
  return {
    write(pieces, position) {
      noteWrite(pieces)
      return file.write(pieces, position)
    },
    writeDurably(pieces, position) {
      noteWrite(pieces)
      traffic.diskSyncs++
      return file.writeDurably(pieces, position)
    },
    sync() {
      traffic.diskSyncs++
      return file.sync()
    },
    read: (position, length, lent) => file.read(position, length, lent),
    size: () => file.size(),
    truncate: (size) => file.truncate(size),
    close: () => file.close(),
  }
}
