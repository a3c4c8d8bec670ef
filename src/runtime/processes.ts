/** How a child process ended: by itself with a code, by a signal, or without ever starting. */
export interface ProcessEnd {
  readonly code: number | null
  readonly signal: string | null
  /** Set when it could not be started at all. */
  readonly failure?: Error
}

export interface ChildProcess {
  /** 0 when it could not be started. */
  readonly pid: number
  /** Harmless when it has ended. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void
}

export interface ChildOptions {
  /** A script for the JavaScript engine that runs this process. */
  readonly script: string
  readonly args: readonly string[]
  /** Standard output or standard error, in pieces as they come; ends before `onEnd`. */
  onOutput(bytes: Buffer, stream: 'out' | 'err'): void
  /** Called exactly once, and never from within `start`. */
  onEnd(end: ProcessEnd): void
}

/** What a program needs of the operating system's processes, its own and its children. */
export interface Processes {
  readonly pid: number
  /** SIGINT or SIGTERM came, or the process that started this one as its child is gone. */
  onStopRequest(call: (reason: string) => void): void
  /** An error that nobody caught. The call must end the process: its state is unknown. */
  onUncaught(call: (error: unknown) => void): void
  /** Ends this process at once. */
  exit(code: number): never
  /** The child notices when this process dies, however that happens. */
  start(options: ChildOptions): ChildProcess
}
