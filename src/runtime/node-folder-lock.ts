import fs from 'node:fs'
import path from 'node:path'

const lockName = 'lock'

/** Who holds a folder: the process, and when it started, since process ids are used again. */
interface Holder {
  pid: number
  startedAt: string
}

const heldHere = new Set<string>()

/**
 * Keeps other processes out of a folder with a file that names the holder. A holder that was killed is recognised by its
 * process being gone, or being another one of the same number.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const file = path.resolve(folder, lockName)
  if (heldHere.has(file)) throw new Error(`${folder} is in use by this very process`)
  const own = `${JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid) })}\n`
  for (let attempt = 0; attempt < 10; attempt++) {
    try {
      await writeWhole(file, own)
      heldHere.add(file)
      return async () => {
        heldHere.delete(file)
        await fs.promises.rm(file, { force: true })
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const holder = await readHolder(file)
      if (holder !== null && isAlive(holder)) {
        throw new Error(`${folder} is in use by process ${holder.pid}`)
      }
      await setAside(file)
    }
  }
  throw new Error(`${folder} could not be locked: other processes keep trying the same`)
}

/** Appears with its content or not at all: a link to a finished file fails when the name is taken. */
async function writeWhole(file: string, content: string): Promise<void> {
  const draft = `${file}.${process.pid}`
  await fs.promises.writeFile(draft, content)
  try {
    await fs.promises.link(draft, file)
  } finally {
    await fs.promises.rm(draft, { force: true })
  }
}

/** Takes a dead holder's file away. Of several who try, one succeeds; the others find the name taken or gone. */
async function setAside(file: string): Promise<void> {
  const aside = `${file}.stale.${process.pid}`
  try {
    await fs.promises.rename(file, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  const moved = await readHolder(aside)
  // Between the look and the rename a live one may have taken its place: it gets its file back.
  if (moved !== null && isAlive(moved)) await fs.promises.rename(aside, file)
  else await fs.promises.rm(aside, { force: true })
}

async function readHolder(file: string): Promise<Holder | null> {
  try {
    const holder: unknown = JSON.parse(await fs.promises.readFile(file, 'utf8'))
    if (typeof holder !== 'object' || holder === null) return null
    const { pid, startedAt } = holder as Record<string, unknown>
    return typeof pid === 'number' && typeof startedAt === 'string' ? { pid, startedAt } : null
  } catch {
    return null
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  const startedAt = startOf(holder.pid)
  return startedAt === '' || holder.startedAt === '' || startedAt === holder.startedAt
}

/** Clock ticks between boot and the start of a process; empty where the system does not tell. */
function startOf(pid: number): string {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold blanks; the fields behind it do not.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}
