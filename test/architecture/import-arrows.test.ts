import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { allowedArrows, forbiddenImports, importsOf, type SourceFile } from './import-arrows.ts'

const project = fileURLToPath(new URL('../../', import.meta.url))

function sourceFiles(): SourceFile[] {
  const names = readdirSync(`${project}src`, { recursive: true, encoding: 'utf8' })
  return names
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({ path: `src/${name}`, text: readFileSync(`${project}src/${name}`, 'utf8') }))
}

const check = (path: string, text: string) => forbiddenImports([{ path, text }])

describe('import arrows', () => {
  it('the sources: every import follows an arrow', () => {
    const files = sourceFiles()
    expect(files.length).toBeGreaterThan(50)
    expect(files.reduce((sum, file) => sum + importsOf(file.text).length, 0)).toBeGreaterThan(100)
    expect(forbiddenImports(files)).toEqual([])
  })

  it('the arrows themselves: no way leads back, nothing imports sim', () => {
    const reach = (from: string, seen = new Set<string>()): Set<string> => {
      for (const to of allowedArrows[from] ?? []) if (!seen.has(to)) reach(to, seen.add(to))
      return seen
    }
    for (const folder of Object.keys(allowedArrows)) {
      expect([...reach(folder)]).not.toContain(folder)
      expect([...reach(folder)]).not.toContain('sim')
    }
  })

  it.each([
    ['src/runtime/a.ts', "import { x } from '../wire/x.ts'"],
    ['src/tree/a.ts', "import type { X } from '../storage/x.ts'"],
    ['src/tree/execute/a.ts', "export { x } from '../../server/x.ts'"],
    ['src/client/a.ts', "import {\n  type X,\n  y,\n} from '../tree/zxid.ts'"],
    ['src/client/a.ts', "await import('../server/index.ts')"],
    ['src/shell/a.ts', "import '../ensemble/x.ts'"],
    ['src/ensemble/a.ts', "import x from '../gateway/x.ts'"],
    ['src/gateway/a.ts', "import x from '../shell/x.ts'"],
    ['src/server/a.ts', "import x from '../sim/world.ts'"],
    ['src/tree/a.ts', "import fs from 'node:fs'"],
    ['src/server/a.ts', "import { connect } from 'net'"],
    ['src/sim/a.ts', "import { setTimeout } from 'node:timers/promises'"],
    ['src/cellar/a.ts', "import x from './b.ts'"],
  ])('a wrong import is found: %s with %s', (path, text) => {
    expect(check(path, text)).toHaveLength(1)
  })

  it.each([
    ['src/runtime/a.ts', "import fs from 'node:fs'"],
    ['src/tree/a.ts', "import { x } from '../wire/x.ts'\nimport { y } from './y.ts'"],
    ['src/tree/execute/a.ts', "import { y } from '../y.ts'"],
    ['src/server/a.ts', "// import x from '../sim/world.ts'\n/* import x from '../shell/x.ts' */"],
    ['src/sim/a.ts', "import { crc32 } from 'node:zlib'\nimport { S } from '../server/index.ts'"],
  ])('a right import passes: %s with %s', (path, text) => {
    expect(check(path, text)).toEqual([])
  })
})
