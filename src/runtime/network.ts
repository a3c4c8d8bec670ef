export interface Address {
  host: string
  /** 0 when listening lets the system choose. */
  port: number
}

/** What a connection tells its owner. Nothing is called after `onClose`. */
export interface ConnectionHandlers {
  /** Bytes as they came, in order. The buffer belongs to the receiver. */
  onData(bytes: Buffer): void
  /** What was written has left this process, after a `write` that returned false. */
  onDrain?(): void
  /** The peer sends no more, but may still read. Without this our side ends as well; with it, that is left to the owner. */
  onEnd?(): void
  /** The connection is gone, by either side; called exactly once. `reason` says why when it was not an orderly end. */
  onClose(reason?: Error): void
}

/** One stream connection. Bytes keep their order; a fault shows as a close, never as a gap. */
export interface Connection {
  readonly remote: Address
  /** Bytes written here that the system has not yet taken. */
  readonly bufferedBytes: number
  /** Nothing can be written any more: either side has ended, or it is gone. */
  readonly closed: boolean
  /** Must be called in the same turn in which the connection was handed over. */
  setHandlers(handlers: ConnectionHandlers): void
  /**
   * Sends. The bytes are lent until they have left: the caller must not change them afterwards.
   * Returns false when the buffer is above the high-water mark. Does nothing on a closed connection.
   */
  write(bytes: Uint8Array): boolean
  /** Stops `onData` until `resume`. */
  pause(): void
  resume(): void
  /**
   * Sends what is buffered, then closes in an orderly way. No more `onData` comes; `onClose` comes when the peer has closed
   * too, or has not within two seconds.
   */
  end(): void
  /** Closes now; what is buffered is lost. `onClose` comes soon, never from within this call. */
  destroy(): void
}

export interface Listener {
  readonly address: Address
  /** Takes no more connections; those it took live on. */
  close(): Promise<void>
}

export interface Network {
  /** Rejects with an error that has a `code` (EADDRINUSE, EADDRNOTAVAIL, EACCES) when the port cannot be had. */
  listen(address: Address, onConnection: (connection: Connection) => void): Promise<Listener>
  /** Rejects when it does not succeed within `timeoutMs`. The connection is delivered paused until it gets handlers. */
  connect(address: Address, timeoutMs: number): Promise<Connection>
}
