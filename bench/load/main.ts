import { generate } from './generator.ts'
import type { LoadSpec } from './load-spec.ts'

// The load generator, a process of its own: takes a LoadSpec as its one argument, prints a LoadResult.
const spec = JSON.parse(process.argv[2] ?? '') as LoadSpec
process.stdout.write(`${JSON.stringify(await generate(spec))}\n`)
