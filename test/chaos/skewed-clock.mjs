// Loaded into a server before anything else (node --import ...?file=F): its clocks go as F says, which may change at any time.
// Plain JavaScript, because the server runs without any loader.
import { readFileSync } from 'node:fs'

const file = new URL(import.meta.url).searchParams.get('file')
const readEveryMs = 50

const realWallMs = Date.now
const realMonotonicMs = performance.now.bind(performance)
const realTimeout = globalThis.setTimeout
const realInterval = globalThis.setInterval

let wallOffsetMs = 0
let rate = 1
let ownSinceMs = realMonotonicMs()
let realSinceMs = ownSinceMs

/** Runs on from where it was, at the present rate: it never goes back. */
const monotonicMs = () => ownSinceMs + (realMonotonicMs() - realSinceMs) * rate

function read() {
  let said
  try {
    said = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    // Not written yet, or just being written: the next look will tell.
    return
  }
  ownSinceMs = monotonicMs()
  realSinceMs = realMonotonicMs()
  wallOffsetMs = said.wallOffsetMs
  rate = said.rate
}

read()
realInterval(read, readEveryMs).unref()

Date.now = () => Math.round(realWallMs() + wallOffsetMs + (monotonicMs() - realMonotonicMs()))
Object.defineProperty(performance, 'now', { value: monotonicMs, configurable: true })
globalThis.setTimeout = (call, delayMs = 0, ...args) => realTimeout(call, delayMs / rate, ...args)
globalThis.setInterval = (call, delayMs = 0, ...args) => realInterval(call, delayMs / rate, ...args)
