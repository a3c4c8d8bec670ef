import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const pages = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs')).map((name) => join('docs', name)),
]

describe('documentation', () => {
  for (const page of pages) {
    it(`${page}: every file and page that it names -> exists`, () => {
      const text = readFileSync(join(root, page), 'utf8')
      const files = [...text.matchAll(/`((?:src|test|lint|config|docs|bench)\/[^`\s*]*)`/g)].map(
        (match) => match[1] ?? '',
      )
      const links = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map((match) => join(dirname(page), match[1] ?? ''))
      const missing = [...files, ...links].filter((path) => !existsSync(join(root, path)))
      expect(missing).toEqual([])
    })
  }
})
