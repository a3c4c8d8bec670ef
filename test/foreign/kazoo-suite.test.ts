import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, inject, onTestFailed, onTestFinished } from 'vitest'
import { freePortRange } from '../processes/harness/free-ports.ts'
import { zkserverFile } from '../processes/harness/server-kind.ts'
import { testWith } from './needs.ts'

const suite = '/usr/lib/python3/dist-packages/kazoo/tests'

/** Not ours to pass. */
const leftOut = [
  // These start no server, and need packages of their own.
  ['ignore', 'test_eventlet_handler.py', 'test_gevent_handler.py', 'test_cache.py'],
  // They log in by SASL, reconfigure, or read from a server without a quorum; the last fails against ZooKeeper 3.8 as well.
  ['deselect', 'test_sasl.py', 'test_client.py::TestReconfig', 'test_connection.py::TestReadOnlyMode'],
  // They do nothing but wait for most of half a minute.
  [
    'deselect',
    'test_partitioner.py',
    'test_client.py::TestClient::test_update_host_list',
    'test_watchers.py::KazooChildrenWatcherTests::test_child_watcher_remove_session_watcher',
  ],
].flatMap(([how, ...names]) => names.map((name) => `--${how}=${how === 'ignore' ? join(suite, name) : name}`))

testWith(
  ['python3-kazoo', 'python3-pytest', 'python3-mock'],
  "foreign: kazoo's own tests, with nothing changed but the command that starts a server -> they pass",
  async () => {
    expect(inject('buildFault')).toBeNull()
    const folder = await mkdtemp(join(tmpdir(), 'banyan-kazoo-suite-'))
    const args = [
      '-B',
      '-m',
      'pytest',
      '-q',
      '-p',
      'no:cacheprovider',
      '--color=no',
      `--rootdir=${suite}`,
      ...leftOut,
      suite,
    ]
    const child = spawn('/usr/bin/python3', args, {
      cwd: folder,
      env: {
        ...process.env,
        PATH: `${join(import.meta.dirname, 'stand-in')}:${process.env['PATH']}`,
        TMPDIR: folder,
        ZKSERVER: zkserverFile,
        ZOOKEEPER_VERSION: '3.8.0',
        ZOOKEEPER_CLASSPATH: 'none',
        ZOOKEEPER_PORT_OFFSET: String(await freePortRange(24)),
      },
      // In a group of its own, with the servers that it starts.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const said: Buffer[] = []
    child.stdout.on('data', (bytes) => said.push(bytes))
    child.stderr.on('data', (bytes) => said.push(bytes))
    onTestFailed(() => console.error(Buffer.concat(said).toString().slice(-20_000)))
    onTestFinished(async () => {
      endGroup(child.pid)
      await rm(folder, { recursive: true, force: true })
    })
    const code = await new Promise((resolve) => child.once('close', resolve))
    const summary = /^(\d+) passed.*$/m.exec(Buffer.concat(said).toString())
    expect([code, summary?.[0]]).toEqual([0, expect.stringMatching(/^\d+ passed/)])
    expect(Number(summary?.[1])).toBeGreaterThan(250)
  },
  120_000,
)

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // All of it has ended by itself, as it should.
  }
}
