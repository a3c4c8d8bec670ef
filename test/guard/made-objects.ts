import { promiseHooks } from 'node:v8'

/** What code has made while `counts` said yes. */
export class MadeObjects {
  buffers = 0
  bufferBytes = 0
  promises = 0
}

type Maker = 'alloc' | 'allocUnsafe' | 'allocUnsafeSlow' | 'concat' | 'from'
const makers: readonly Maker[] = ['alloc', 'allocUnsafe', 'allocUnsafeSlow', 'concat', 'from']

/**
 * Counts every Buffer and promise that is made from now on in this process, as far as `counts` says yes. Returns what ends it.
 * A view (`subarray`) is no Buffer of its own here, nor is what Node makes inside, nor what the simulated network and disk copy:
 * real ones do not. Their promises are counted: a real disk makes as many.
 */
export function countMade(made: MadeObjects, counts: () => boolean): () => void {
  const restore = makers.map((name) => countMaker(name, made, counts))
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = callerLine
  const stopHooks = promiseHooks.onInit(() => {
    if (counts()) made.promises++
  }) as () => void
  return () => {
    stopHooks()
    Error.stackTraceLimit = stackTraceLimit
    for (const undo of restore) undo()
  }
}

/** One of them may call another: only the outermost counts. */
let depth = 0

function countMaker(name: Maker, made: MadeObjects, counts: () => boolean): () => void {
  const original: (...args: never[]) => Buffer = Buffer[name]
  const counting = (...args: never[]): Buffer => {
    depth++
    try {
      const buffer = original.apply(Buffer, args)
      if (depth === 1 && counts() && !isSimulatorCalling()) {
        made.buffers++
        made.bufferBytes += buffer.length
      }
      return buffer
    } finally {
      depth--
    }
  }
  Object.defineProperty(Buffer, name, { value: counting, configurable: true, writable: true })
  return () => Object.defineProperty(Buffer, name, { value: original, configurable: true, writable: true })
}

/** Where the caller of a maker stands in a stack: behind the message, `isSimulatorCalling` and the maker itself. */
const callerLine = 3

function isSimulatorCalling(): boolean {
  const caller = new Error().stack?.split('\n')[callerLine] ?? ''
  return caller.includes('/src/sim/')
}
