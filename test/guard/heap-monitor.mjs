// Loaded into a server ahead of its program: on SIGUSR2, writes how much of the heap is used, and how often it was collected.
import { renameSync, writeFileSync } from 'node:fs'
import { PerformanceObserver } from 'node:perf_hooks'

const file = new URL(import.meta.url).searchParams.get('file')
let collections = 0
let asked = 0
new PerformanceObserver((list) => {
  collections += list.getEntries().length
}).observe({ entryTypes: ['gc'] })

process.on('SIGUSR2', () => {
  // What the observer has yet to tell comes first.
  setImmediate(() => {
    const figures = { asked: ++asked, usedBytes: process.memoryUsage().heapUsed, collections }
    writeFileSync(`${file}.part`, JSON.stringify(figures))
    renameSync(`${file}.part`, file)
  })
})
