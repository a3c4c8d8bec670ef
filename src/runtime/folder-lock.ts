import { randomBytes, randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, open, readdir, unlink } from 'node:fs/promises'
import { CodedError, codeOf } from './coded-error.ts'

/** Two that come at the same instant both step back; each draws when to try again, so one of them gets it. */
const attempts = 8
const stepBackMsMax = 40

const prefix = 'lock.'

/**
 * Files of this process that it holds no more and could not remove. The bad timeline without it: 1. a disk fails and is made
 * read-only; 2. the server lets go of it, but its lock stays; 3. somebody mends the disk; 4. the server comes back, finds a lock
 * of a living process, its own, and stops for good.
 */
const letGo = new Set<string>()

/**
 * Keeps other processes out of a folder, by an empty file whose name says who holds it: `lock.<pid>.<start>.<boot>.<draw>`.
 *
 * Whoever wants the folder first puts its own file there and then looks for those of others. Of two that come together at
 * least the later one sees the other's, so never both believe to hold it. A file left by a dead process names that process
 * for ever, so removing it can hit nobody else. With one common name it could:
 *   1. A and B read the common file and find its holder dead;
 *   2. A removes it and creates its own;
 *   3. B removes what it takes for the dead one's, which is A's, and creates its own: both hold the folder.
 *
 * Start time and boot tell a process from a later one that got the same pid. Processes of another pid namespace (another
 * container on the same volume) cannot be seen and count as dead.
 *
 * Rejects with code ELOCKED, naming the holder.
 */
export async function lockFolder(path: string): Promise<() => Promise<void>> {
  await mkdir(path, { recursive: true })
  for (let attempt = 1; ; attempt++) {
    const draw = randomBytes(6).toString('hex')
    const mine = `${prefix}${process.pid}.${startOf(process.pid) ?? 'unknown'}.${bootName()}.${draw}`
    const release = async (): Promise<void> => {
      letGo.add(mine)
      await removeIfThere(`${path}/${mine}`)
      letGo.delete(mine)
    }
    const holder = await claim(path, mine).catch(async (error: unknown) => {
      await release().catch(() => {})
      throw error
    })
    if (holder === null) return release
    await release()
    if (attempt === attempts) {
      const who = holder === process.pid ? `this process (pid ${holder})` : `process ${holder}`
      throw new CodedError(
        'ELOCKED',
        `${path} is in use by ${who}; stop that one first, or use another data folder`,
      )
    }
    await new Promise((resolve) => setTimeout(resolve, randomInt(stepBackMsMax)))
  }
}

/** Puts the own file there. Resolves to the pid of another living holder, or null. */
async function claim(path: string, mine: string): Promise<number | null> {
  await (await open(`${path}/${mine}`, 'wx')).close()
  return otherHolder(path, mine)
}

/** The pid of a living holder, or null. Clears away what dead ones left, and what this process could not remove before. */
async function otherHolder(path: string, mine: string): Promise<number | null> {
  let holder: number | null = null
  for (const name of await readdir(path)) {
    if (name === mine || !name.startsWith(prefix)) continue
    const [pidText = '', start = '', boot = ''] = name.slice(prefix.length).split('.')
    const pid = Number.parseInt(pidText, 10)
    if (!letGo.has(name) && Number.isInteger(pid) && isAlive(pid, start, boot)) holder = pid
    else {
      await removeIfThere(`${path}/${name}`)
      letGo.delete(name)
    }
  }
  return holder
}

function isAlive(pid: number, start: string, boot: string): boolean {
  if (boot !== bootName()) return false
  if (start !== 'unknown') return startOf(pid) === start
  // No /proc here: the pid alone has to do.
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

/** When a process started, in clock ticks since boot; null when there is no such process, or no /proc. */
function startOf(pid: number): string | null {
  const stat = readOrNull(`/proc/${pid}/stat`)
  if (stat === null) return null
  // The second field is the program's name in parentheses and may hold anything, so we count from its end. A zombie (Z) has
  // died: only its parent has not looked yet.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null)
}

function bootName(): string {
  return readOrNull('/proc/sys/kernel/random/boot_id')?.trim().slice(0, 8) ?? 'unknown'
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return null
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}
