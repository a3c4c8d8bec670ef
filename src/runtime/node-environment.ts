import { readdirSync, readFileSync } from 'node:fs'
import { arch, homedir, hostname, release, tmpdir, type, userInfo } from 'node:os'
import { dirname } from 'node:path'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import type { Environment } from './environment.ts'

/** Under the names that ZooKeeper's monitors look for: the runtime is Node here, its heap that of the engine. */
export const nodeEnvironment: Environment = {
  properties() {
    const heap = getHeapStatistics()
    return [
      ['host.name', hostname()],
      ['java.version', process.version],
      ['java.vendor', 'Node.js'],
      ['java.home', dirname(process.execPath)],
      ['java.class.path', process.argv[1] ?? ''],
      ['java.library.path', ''],
      ['java.io.tmpdir', tmpdir()],
      ['java.compiler', '<NA>'],
      ['os.name', type()],
      ['os.arch', arch()],
      ['os.version', release()],
      ['user.name', userName()],
      ['user.home', homedir()],
      ['user.dir', process.cwd()],
      ['jvm.memory.free', megabytes(heap.total_heap_size - heap.used_heap_size)],
      ['jvm.memory.max', megabytes(heap.heap_size_limit)],
      ['jvm.memory.total', megabytes(heap.total_heap_size)],
    ]
  },

  fileDescriptors() {
    try {
      const open = readdirSync('/proc/self/fd').length
      const max = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1]
      return max === undefined ? null : { open, max: Number(max) }
    } catch {
      // Only Linux has these files.
      return null
    }
  },

  async whileFilling(work) {
    // The tree lies outside of the heap, but each megabyte of it counts as if the heap had grown. With a heap of 9 MB the
    // engine collects every 12 MB, 25 times while a million nodes are loaded: a tenth of the processor time of a start.
    setHeapGrowth(1000)
    try {
      await work()
    } finally {
      setHeapGrowth(0)
    }
  },
}

/** By how much memory may grow from one full collection to the next, in percent of what the heap holds. 0: as the engine likes. */
function setHeapGrowth(percent: number): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`)
}

/** A container may run under an id without a name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return '?'
  }
}

function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)}MB`
}
