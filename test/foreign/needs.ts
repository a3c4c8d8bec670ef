import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'

/** Debian packages, and a file of each that shows it to be installed. */
const witnesses = {
  zookeeper: '/usr/share/zookeeper/bin/zkCli.sh',
  'zookeeper-bin': '/usr/lib/zookeeper/bin/cli_mt',
  'python3-kazoo': '/usr/lib/python3/dist-packages/kazoo/client.py',
  'python3-pytest': '/usr/lib/python3/dist-packages/pytest/__init__.py',
  'python3-mock': '/usr/lib/python3/dist-packages/mock/__init__.py',
  'libzookeeper-mt-dev': '/usr/include/zookeeper/zookeeper.h',
  gcc: '/usr/bin/gcc',
  'libcurator-recipes-java': '/usr/share/java/curator-recipes.jar',
  'default-jdk-headless': '/usr/bin/javac',
  patroni: '/usr/bin/patroni',
  postgresql: '/usr/lib/postgresql',
} as const

export type DebianPackage = keyof typeof witnesses

/**
 * A test that needs programs from Debian. Where they are missing it says so and is skipped, except in CI: there, nothing may
 * pass because it was not tried.
 */
export function testWith(
  packages: readonly DebianPackage[],
  name: string,
  body: () => Promise<void>,
  timeoutMs?: number,
): void {
  const missing = packages.filter((name) => !existsSync(witnesses[name]))
  if (missing.length === 0) {
    test(name, body, timeoutMs)
    return
  }
  const reason = `not installed: ${missing.join(', ')}`
  const inCi = (process.env['CI'] ?? '') !== ''
  if (!inCi) console.warn(`skipped: ${name}: ${reason}`)
  test.runIf(inCi)(`${name} (${reason})`, () => expect(missing).toEqual([]))
}
