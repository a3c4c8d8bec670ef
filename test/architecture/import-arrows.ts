/** One source file, as the check sees it. */
export interface SourceFile {
  /** Relative to the project, as `src/tree/zxid.ts`. */
  readonly path: string
  readonly text: string
}

/** Each folder may import from itself and from those named here. */
export const allowedArrows: Readonly<Record<string, readonly string[]>> = {
  runtime: [],
  wire: ['runtime'],
  tree: ['runtime', 'wire'],
  storage: ['runtime', 'wire', 'tree'],
  replication: ['runtime', 'wire', 'tree', 'storage'],
  server: ['runtime', 'wire', 'tree', 'storage', 'replication'],
  // It knows nothing of servers: it works against any that speaks the protocol.
  client: ['runtime', 'wire'],
  shell: ['runtime', 'wire', 'tree', 'storage', 'replication', 'server', 'client'],
  gateway: ['runtime', 'wire', 'tree', 'storage', 'replication', 'server', 'client'],
  ensemble: ['runtime', 'wire', 'tree', 'storage', 'replication', 'server', 'client'],
  // It looks at files: it knows nothing of what servers tell each other or their clients.
  'log-tool': ['runtime', 'wire', 'tree', 'storage'],
  sim: [
    'runtime',
    'wire',
    'tree',
    'storage',
    'replication',
    'server',
    'client',
    'shell',
    'gateway',
    'ensemble',
  ],
}

/** Modules that are the outside world: only src/runtime may touch them. */
const worldModules = new Set(
  [
    ['net', 'tls', 'dgram', 'dns', 'dns/promises', 'http', 'https', 'http2', 'fs', 'fs/promises', 'timers'],
    ['timers/promises', 'perf_hooks', 'child_process', 'worker_threads', 'cluster'],
  ].flat(),
)

/** Every import that the architecture does not allow, in words. */
export function forbiddenImports(files: readonly SourceFile[]): string[] {
  const found: string[] = []
  for (const file of files) {
    const folder = folderOf(file.path)
    const allowed = allowedArrows[folder]
    if (allowed === undefined) {
      found.push(`${file.path}: the folder ${folder} has no place in the architecture`)
      continue
    }
    for (const specifier of importsOf(file.text)) {
      const problem = problemOf(file.path, folder, allowed, specifier)
      if (problem !== null) found.push(`${file.path}: imports ${specifier}: ${problem}`)
    }
  }
  return found
}

function problemOf(
  path: string,
  folder: string,
  allowed: readonly string[],
  specifier: string,
): string | null {
  if (!specifier.startsWith('.')) {
    const isWorld = worldModules.has(specifier.replace(/^node:/, ''))
    return isWorld && folder !== 'runtime' ? 'only src/runtime may touch the outside world' : null
  }
  const target = new URL(specifier, `file:///${path}`).pathname.slice(1)
  // What lies outside (package.json, for its version) is no layer.
  if (!target.startsWith('src/')) return null
  const targetFolder = folderOf(target)
  if (targetFolder === folder || allowed.includes(targetFolder)) return null
  return `${folder} may import from ${allowed.length > 0 ? allowed.join(', ') : 'no other folder'}`
}

/** What a module imports: statically, for its types, for its effects, for passing on, and at run time. */
export function importsOf(text: string): string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
  const specifiers: string[] = []
  for (const match of code.matchAll(/\b(?:from|import)\s*\(?\s*(['"`])([^'"`\n]+)\1/g)) {
    specifiers.push(match[2] as string)
  }
  return specifiers
}

function folderOf(path: string): string {
  return path.split('/')[1] ?? ''
}
