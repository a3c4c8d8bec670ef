import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'

function explore(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', 'test/explore/main.ts', ...args],
    { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
  )
  return { status, stdout, stderr }
}

describe('npm run explore', () => {
  test('a space without violation -> its figures, that it was walked to the end, and exit code 0', () => {
    const { status, stdout } = explore('--crashes', '0', '--proposals', '0')
    expect(stdout).toContain('every interleaving within these bounds: no violation')
    expect(stdout).toMatch(/[\d,]+ states, [\d,]+ transitions/)
    expect(status).toBe(0)
  })

  test('a planted fault -> the timeline that ends in what is broken, and exit code 1', () => {
    const { status, stdout } = explore('--mutate', 'ack before durable')
    expect(stdout).toContain('1. server 1 proposes 1:2.2')
    expect(stdout).toContain('broken: 1:2.2 is committed and on the disks of 0 servers: a quorum is 2')
    expect(status).toBe(1)
  })

  test('a bound on states, as JSON -> stopped there, and says that it was not the end', () => {
    const { status, stdout } = explore('--states-max', '3000', '--json')
    const result = JSON.parse(stdout) as { states: number; exhausted: boolean; violation: unknown }
    expect(result).toMatchObject({ exhausted: false, violation: null })
    expect(result.states).toBeGreaterThanOrEqual(3000)
    expect(status).toBe(0)
  })

  test('wrong arguments -> what is wrong and the way to more, and exit code 2', () => {
    const { status, stdout, stderr } = explore('--stands', 'many')
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toContain('--stands many: expected a whole number from 0 on')
    expect(stderr).toContain('Help: npm run explore -- --help')
  })
})
