// Makes each program one file (and what it loads later a few more), out of what the compiler has put into dist/: to find and
// read two hundred modules takes half of the processor time of a start.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..')
const outdir = join(root, 'dist/programs')
const programs = ['server', 'shell', 'ensemble', 'log-tool']

// Shared parts are named for what is in them: those of an earlier build would stay.
rmSync(outdir, { recursive: true, force: true })
await build({
  // As deep in dist/ as the modules were, for these look for package.json and bin/ from where they stand.
  entryPoints: programs.map((name) => ({ in: join(root, `dist/${name}/main.js`), out: name })),
  outdir,
  bundle: true,
  splitting: true,
  chunkNames: 'part-[hash]',
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  packages: 'external',
  sourcemap: true,
  logLevel: 'warning',
})
