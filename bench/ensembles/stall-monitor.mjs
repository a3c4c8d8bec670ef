// Loaded into a server ahead of its program: on SIGUSR2, writes what stalls its event loop had since the last time.
import { renameSync, writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

const file = new URL(import.meta.url).searchParams.get('file')
// A loop without any stall shows this resolution.
const resolutionMs = 1
const delay = monitorEventLoopDelay({ resolution: resolutionMs })
delay.enable()
let asked = 0

process.on('SIGUSR2', () => {
  const beyondMs = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - resolutionMs)
  const figures = { asked: ++asked, p999Ms: beyondMs(delay.percentile(99.9)), maxMs: beyondMs(delay.max) }
  delay.reset()
  // In one step: whoever reads it never sees half of it.
  writeFileSync(`${file}.part`, JSON.stringify(figures))
  renameSync(`${file}.part`, file)
})
