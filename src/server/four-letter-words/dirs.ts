import type { ServerView } from './server-view.ts'

/** Bytes on disk. Snapshots and log are in one folder. */
export async function dirs(view: ServerView): Promise<string> {
  const dataBytes = await view.dataBytes()
  return `datadir_size: ${dataBytes}\nlogdir_size: ${dataBytes}\n`
}
