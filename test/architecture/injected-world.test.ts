import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const project = fileURLToPath(new URL('../../', import.meta.url))

/** What reaches the outside world past src/runtime, each a module of its own. */
const reaching: Record<string, string> = {
  'date-now': 'export const x = Date.now()',
  'date-now-uncalled': 'export const x = Date.now',
  'new-date': 'export const x = new Date()',
  'date-call': 'export const x = Date()',
  'date-apart': 'const { now } = Date\nexport const x = now()',
  performance: 'export const x = performance.now()',
  hrtime: 'export const x = process.hrtime.bigint()',
  'math-random': 'export const x = Math.random()',
  'math-apart': 'const { random } = Math\nexport const x = random()',
  'set-timeout': 'export const x = setTimeout(() => {}, 1)',
  'set-interval': 'export const x = setInterval(() => {}, 1)',
  'set-immediate': 'export const x = setImmediate(() => {})',
  'global-timeout': 'export const x = globalThis.setTimeout(() => {}, 1)',
  'global-index': "export const x = globalThis['setTimeout']",
  'global-date': 'export const x = globalThis.Date.now()',
  global: 'export const x = global.performance',
  fetch: "export const x = fetch('http://127.0.0.1')",
  'web-crypto': 'export const x = crypto.randomUUID()',
  net: "import net from 'node:net'\nexport const x = net",
  fs: "import fs from 'node:fs'\nexport const x = fs",
  'fs-promises': "import { readFile } from 'node:fs/promises'\nexport const x = readFile",
  timers: "import { setTimeout } from 'node:timers/promises'\nexport const x = setTimeout",
  'perf-hooks': "import { performance } from 'node:perf_hooks'\nexport const x = performance",
  'child-process': "import { spawn } from 'node:child_process'\nexport const x = spawn",
  'crypto-random': "import { randomBytes } from 'node:crypto'\nexport const x = randomBytes(1)",
  'dynamic-net': "export const x = import('node:net')",
}

/** What a pure module may well do. */
const harmless: Record<string, string> = {
  'given-date': 'export const x = (ms: number) => new Date(ms).toISOString()',
  'date-utc': 'export const x = Date.UTC(2026, 0, 1)',
  math: 'export const x = Math.floor(1.5)',
  'crypto-compare': "import { timingSafeEqual } from 'node:crypto'\nexport const x = timingSafeEqual",
  crc: "import { crc32 } from 'node:zlib'\nexport const x = crc32",
  'own-apart': 'export const x = (given: { a: number }) => {\n  const { a } = given\n  return a\n}',
}

describe('lint: the injected world', () => {
  let folder: string
  let flagged: Set<string>

  beforeAll(() => {
    // Biome's rules look at a file's place, so the bad examples get a project of their own.
    folder = mkdtempSync(`${tmpdir()}/banyan-lint-`)
    for (const name of ['biome.json', 'lint', '.gitignore']) {
      cpSync(`${project}${name}`, `${folder}/${name}`, { recursive: true })
    }
    for (const place of ['tree', 'runtime']) {
      mkdirSync(`${folder}/src/${place}`, { recursive: true })
      for (const [name, text] of [...Object.entries(reaching), ...Object.entries(harmless)]) {
        writeFileSync(`${folder}/src/${place}/${name}.ts`, `${text}\n`)
      }
    }
    flagged = flaggedFiles(folder)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it.each(Object.keys(reaching))('%s in a pure layer -> flagged; in src/runtime -> allowed', (name) => {
    expect(flagged).toContain(`src/tree/${name}.ts`)
    expect(flagged).not.toContain(`src/runtime/${name}.ts`)
  })

  it.each(Object.keys(harmless))('%s in a pure layer -> allowed', (name) => {
    expect(flagged).not.toContain(`src/tree/${name}.ts`)
  })
})

function flaggedFiles(folder: string): Set<string> {
  const biome = `${project}node_modules/@biomejs/biome/bin/biome`
  const args = [biome, 'lint', '--reporter=github', '--max-diagnostics=none', '--diagnostic-level=error', '.']
  let said = ''
  try {
    said = execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    // It exits with 1 when it finds something, which it should.
    said = (error as { stdout: string }).stdout
  }
  // A rule that is itself broken would flag everything.
  expect(said).not.toContain('errored')
  const places = [...said.matchAll(/file=([^,]+),/g)].map((match) => match[1] as string)
  return new Set(places.map((place) => place.slice(place.indexOf('src/'))))
}
