import { readdirSync, readFileSync } from 'node:fs'
import { arch, homedir, hostname, release, tmpdir, type, userInfo } from 'node:os'
import { dirname } from 'node:path'
import { getHeapStatistics } from 'node:v8'
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
