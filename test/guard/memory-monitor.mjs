// Loaded into a server ahead of its program: on SIGUSR2 it writes how much of the heap is used and how often it was collected, as of
// then, and again when it has been collected. Needs --expose-gc.
import { renameSync, writeFileSync } from 'node:fs'
import { PerformanceObserver } from 'node:perf_hooks'

const file = new URL(import.meta.url).searchParams.get('file')
/** Until the observer has been told of a collection. */
const tellMs = 20
let collections = 0
let asked = 0
new PerformanceObserver((list) => {
  collections += list.getEntries().length
}).observe({ entryTypes: ['gc'] })

function sample() {
  return { heapBytes: process.memoryUsage().heapUsed, collections }
}

process.on('SIGUSR2', () => {
  setTimeout(() => {
    const now = sample()
    globalThis.gc()
    setTimeout(() => {
      writeFileSync(`${file}.part`, JSON.stringify({ asked: ++asked, now, collected: sample() }))
      renameSync(`${file}.part`, file)
    }, tellMs)
  }, tellMs)
})
