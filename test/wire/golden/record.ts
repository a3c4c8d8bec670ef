import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import zookeeper from 'node-zookeeper-client'
import { fourLetterWord } from '../../../src/client/index.ts'
import { freePorts } from '../../processes/harness/free-ports.ts'
import { connectFrame, frame, int } from '../../processes/harness/raw-client.ts'
import { until } from '../../processes/harness/until.ts'
import { Recorder } from './recorder.ts'
import { formatRecording, recordingFile } from './recording.ts'

// Writes the recording anew: `npx tsx test/wire/golden/record.ts`. It needs the Debian packages zookeeper, zookeeper-bin and
// python3-kazoo, and a JDK. Ids and times differ from one recording to the next; nothing else should.

const jars = '/usr/share/java/zookeeper.jar:/usr/share/java/zookeeper-jute.jar'
const folder = await mkdtemp(join(tmpdir(), 'banyan-golden-'))
const children: ChildProcess[] = []
const ports = await freePorts(6)
const [onPort, offPort, quorumPort, electionPort, recordedOnPort, recordedOffPort] = ports as [
  number,
  number,
  number,
  number,
  number,
  number,
]
const loginFile = join(folder, 'login.conf')

/** An ensemble of one, because only an ensemble can be reconfigured. */
async function startServerWithEverythingOn(): Promise<void> {
  await writeFile(loginFile, logins)
  await startServer('on', onPort, [
    'standaloneEnabled=false',
    'reconfigEnabled=true',
    'initLimit=10',
    'syncLimit=5',
    `server.1=127.0.0.1:${quorumPort}:${electionPort}:participant;127.0.0.1:${onPort}`,
    'extendedTypesEnabled=true',
    'DigestAuthenticationProvider.superDigest=super:D/InIHSb7yEEbrWz8b9l71RjZJU=',
    'authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider',
  ])
}

const digestLogin = 'org.apache.zookeeper.server.auth.DigestLoginModule required'
const logins = `
Server { ${digestLogin} user_anna="right"; };
Client { ${digestLogin} username="anna" password="right"; };
Wrong { ${digestLogin} username="anna" password="wrong"; };
`

async function startServer(name: string, port: number, settings: string[]): Promise<void> {
  const dataDir = join(folder, name)
  await mkdir(dataDir)
  await writeFile(join(dataDir, 'myid'), '1')
  const lines = [
    'tickTime=1000',
    `dataDir=${dataDir}`,
    'admin.enableServer=false',
    '4lw.commands.whitelist=*',
    ...settings,
    '',
  ]
  const configFile = join(folder, `${name}.cfg`)
  await writeFile(configFile, lines.join('\n'))
  const login = name === 'on' ? [`-Djava.security.auth.login.config=${loginFile}`] : []
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain'
  children.push(spawn('java', ['-Xmx128m', ...login, '-cp', jars, main, configFile], { stdio: 'ignore' }))
  await until(`server ${name} to serve`, async () =>
    (await fourLetterWord(`127.0.0.1:${port}`, 'srvr', { timeoutMs: 1000 })).includes('Mode:'),
  )
}

/** Runs a program that says what is to be done; see Golden.java. */
async function record(recorder: Recorder, program: string, args: string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  const ended = new Promise((resolve) => child.once('close', resolve))
  for await (const line of createInterface(child.stdout)) {
    if (line.startsWith('scene ')) recorder.scene = line.slice('scene '.length)
    else if (line === 'cut') recorder.cut()
    else if (line === 'resume') recorder.resume()
    else throw new Error(`${program} printed ${line}`)
    child.stdin.write('done\n')
  }
  const code = await ended
  if (code !== 0) throw new Error(`${program} ended with ${code} in the scene: ${recorder.scene}`)
}

async function reattached(recorder: Recorder): Promise<void> {
  const seen = recorder.frames.length
  recorder.cut()
  recorder.resume()
  await until('its watches to be set again', () =>
    recorder.frames.slice(seen).some((frame) => frame.name === 'setWatches' && frame.direction === 'reply'),
  )
}

/** It leaves out the read-only byte, as all clients once did. */
async function recordNodeClient(recorder: Recorder): Promise<void> {
  recorder.scene = 'node-zookeeper-client: a new session, no read-only byte'
  const client = zookeeper.createClient(`127.0.0.1:${recordedOnPort}`, {
    sessionTimeout: 10_000,
    spinDelay: 10,
  })
  const call = (run: (done: (error: Error | null) => void) => void): Promise<void> =>
    new Promise((resolve, reject) => run((error) => (error ? reject(error) : resolve())))
  const connected = new Promise<void>((resolve) => client.on('connected', resolve))
  client.connect()
  await connected
  recorder.scene = 'node-zookeeper-client: data, a watch, transactions'
  await call((done) => client.create('/node', Buffer.from('one'), zookeeper.CreateMode.PERSISTENT, done))
  await call((done) => client.getData('/node', () => {}, done))
  await call((done) =>
    client.transaction().create('/node/t', Buffer.from('1')).remove('/node/t', -1).commit(done),
  )
  await call((done) =>
    client
      .transaction()
      .check('/node', 7)
      .remove('/node', -1)
      .commit((error) => done(error ? null : new Error('done'))),
  )
  recorder.scene = 'node-zookeeper-client: re-attached, setWatches'
  await reattached(recorder)
  recorder.scene = 'node-zookeeper-client: closeSession'
  client.close()
  await until('the end of its session', () =>
    recorder.frames.some(({ scene, direction }) => scene === recorder.scene && direction === 'reply'),
  )
}

/** It gives setWatches an xid of its own. */
async function recordCClient(recorder: Recorder): Promise<void> {
  recorder.scene = 'C client: a new session'
  const args = ['-h', `127.0.0.1:${recordedOnPort}`]
  const client = spawn('/usr/lib/zookeeper/bin/cli_mt', args, { stdio: ['pipe', 'ignore', 'ignore'] })
  children.push(client)
  const says = async (command: string, name: string): Promise<void> => {
    const seen = recorder.frames.length
    client.stdin.write(`${command}\n`)
    await until(`the answer to ${command}`, () =>
      recorder.frames.slice(seen).some((frame) => frame.name === name && frame.direction === 'reply'),
    )
  }
  await until('its session', () => recorder.frames.some(({ scene }) => scene === recorder.scene))
  recorder.scene = 'C client: data'
  await says('create /c', 'create')
  await says('set /c hello', 'setData')
  await says('get /c', 'getData')
  recorder.scene = 'C client: re-attached, setWatches with the xid -8'
  await reattached(recorder)
  recorder.scene = 'C client: closeSession'
  await says('quit', 'closeSession')
}

/** What no client sends: an operation that there is not. (A check outside of a multi, this server does not answer at all.) */
async function recordUnknownOperation(recorder: Recorder): Promise<void> {
  recorder.scene = 'raw bytes: an unknown operation'
  const replies = (): number =>
    recorder.frames.filter((frame) => frame.scene === recorder.scene && frame.direction === 'reply').length
  const socket = connect(recordedOffPort, '127.0.0.1', () => socket.write(connectFrame(10_000)))
  await until('a session', () => replies() === 1)
  socket.write(frame(int(1), int(10)))
  await until('an answer', () => replies() === 2)
  socket.destroy()
}

try {
  await startServerWithEverythingOn()
  await startServer('off', offPort, [`clientPort=${offPort}`, 'clientPortAddress=127.0.0.1'])
  const recorder = new Recorder()
  await recorder.listen(recordedOnPort, onPort)
  await recorder.listen(recordedOffPort, offPort)
  const source = join(import.meta.dirname, 'Golden.java')
  const [recorded, direct, off] = [recordedOnPort, onPort, recordedOffPort].map(
    (port) => `127.0.0.1:${port}`,
  ) as [string, string, string]
  const login = `-Djava.security.auth.login.config=${loginFile}`
  await record(recorder, 'java', [login, '-cp', jars, source, recorded, direct, off])
  await record(recorder, '/usr/bin/python3', [join(import.meta.dirname, 'golden_kazoo.py'), recorded])
  await recordNodeClient(recorder)
  await recordCClient(recorder)
  await recordUnknownOperation(recorder)
  recorder.close()
  await writeFile(recordingFile, formatRecording(recorder.frames))
} finally {
  for (const child of children) child.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
}
