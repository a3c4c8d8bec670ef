import type { ChalkInstance } from 'chalk'
import type { ClientState } from '../client/index.ts'

/** The prompt: connection state and current path, as in `[connected /app]> `. */
export function promptText(state: ClientState, currentPath: string, colours: ChalkInstance): string {
  const paint = state === 'connected' ? colours.green : state === 'connecting' ? colours.yellow : colours.red
  return `[${paint(state)} ${colours.cyan(currentPath)}]> `
}
