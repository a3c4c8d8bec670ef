import { versionLine } from '../version.ts'
import type { ServerView } from './server-view.ts'

/** The machine and the process. Clients read the first figure, to learn what the server can do. */
export function envi(view: ServerView): string {
  const lines = [['zookeeper.version', versionLine] as const, ...view.environment.properties()]
  return `Environment:\n${lines.map(([key, value]) => `${key}=${value}\n`).join('')}`
}
