import { spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** Why the programs in bin/ cannot be run from the present sources; null when they can. */
    buildFault: string | null
  }
}

const root = join(import.meta.dirname, '../../..')

/** Before any test: dist/ is what the sources say, because tests run the programs in bin/, and these run dist/. */
export default function setup(project: TestProject): void {
  project.provide('buildFault', buildFault())
}

/** Builds if need be; what the compiler said if it could not. */
export function buildFault(): string | null {
  return isFresh() ? null : build()
}

function isFresh(): boolean {
  const compiled = (file: string): string =>
    join(root, 'dist', `${file.slice('src/'.length, -'.ts'.length)}.js`)
  const programs = mtimeMs(join(root, 'dist/programs/server.js'))
  return sourceFiles().every((file) => {
    const changedMs = mtimeMs(join(root, file))
    return mtimeMs(compiled(file)) >= changedMs && programs >= changedMs
  })
}

function sourceFiles(): string[] {
  return readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map((file) => join('src', file))
}

function mtimeMs(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function build(): string | null {
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'build'], {
    cwd: root,
    encoding: 'utf8',
  })
  return status === 0 ? null : `the sources do not compile:\n${stdout}${stderr}`
}
