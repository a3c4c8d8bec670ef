/** Where the story is played: in tmux, for people, or on standard output, for scripts and tests. */
export interface Stage {
  /** Tells the audience something, and leaves it the time to read it. */
  say(text: string): Promise<void>
  /** The last word, which is left standing for a while. */
  end(text: string): Promise<void>
  /** Types a command into the shell, and waits for its end. Rejects when it fails. */
  type(command: string): Promise<void>
  /** Starts a server in a terminal of its own. Resolves to its process id. */
  startServer(id: number): Promise<number>
  /** Ends whatever it has started. */
  close(): Promise<void>
}

/** Thrown out of a story that the audience has ended. */
export class Interrupted extends Error {
  override name = 'Interrupted'
}
