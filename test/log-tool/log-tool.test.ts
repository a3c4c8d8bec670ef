import { beforeAll, describe, expect, it } from 'vitest'
import { readLogToolArguments } from '../../src/log-tool/arguments.ts'
import { runLogTool } from '../../src/log-tool/main.ts'
import { type SegmentEntry, segmentEntries } from '../../src/log-tool/segment-entries.ts'
import { SeededRandom } from '../../src/runtime/seeded-random.ts'
import { DiskImage } from '../../src/sim/disk-image.ts'
import { SimEnsemble } from '../../src/sim/sim-ensemble.ts'
import { ManualTimers } from '../storage/helpers.ts'
import { ImageDisk } from '../storage/image-disk.ts'

const folder = '/data/1'
const history = `${folder}/h-0001`

/** The files of a server that has done a bit of everything. */
let files: Map<string, Buffer>
let digest: string

beforeAll(async () => {
  const ensemble = new SimEnsemble({
    seed: 7,
    servers: 1,
    config: { snapCount: 8 },
    storage: { segmentBytesMax: 900 },
  })
  ensemble.start()
  await ensemble.untilServing()
  const { world } = ensemble
  const client = await ensemble.connectedClient()
  await world.settle(client.create('/app', 'some data'))
  await world.settle(client.set('/app', 'other'))
  await world.settle(client.transaction().create('/app/x', 'ab').set('/app', '').commit())
  for (let i = 0; i < 12; i++) await world.settle(client.create(`/n${i}`, ''))
  await world.settle(client.delete('/n3'))
  await expect(world.settle(client.delete('/nope'))).rejects.toThrow()
  await world.runFor(1000)
  digest = ensemble.server(1).digest()
  await ensemble.stop(1)
  const { disk } = ensemble.host(1)
  files = new Map()
  for (const name of disk.list(history)) files.set(`${history}/${name}`, disk.contentOf(`${history}/${name}`))
  files.set(`${folder}/state`, disk.contentOf(`${folder}/state`))
})

function diskOf(content: ReadonlyMap<string, Buffer>): ImageDisk {
  const image = new DiskImage(new SeededRandom(1))
  for (const [path, bytes] of content) {
    image.makeFolder(path.slice(0, path.lastIndexOf('/')))
    image.write(image.openFile(path, true), [bytes], 0)
  }
  return new ImageDisk(image)
}

interface Run {
  code: number
  out: string
  err: string
  json: Record<string, unknown>[]
}

async function run(words: string[], disk: ImageDisk, goesOn: () => boolean = () => false): Promise<Run> {
  const outcome = await readLogToolArguments(words, '1.2.3')
  if (outcome.kind === 'print') return { code: outcome.exitCode, out: '', err: outcome.text, json: [] }
  let out = ''
  let err = ''
  const timers = new ManualTimers()
  const code = await runLogTool(outcome.values, {
    disk,
    timers: {
      ...timers,
      after: (_ms, call) => {
        setImmediate(call)
        return { cancel: () => {} }
      },
      every: () => timers.every(),
      endOfTurn: () => timers.endOfTurn(),
    },
    colour: false,
    out: async (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    goesOn,
  })
  const json = words.includes('--json')
    ? out
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
    : []
  return { code, out, err, json }
}

/** Every byte of the disk, to see that nothing was changed. */
function contentOf(disk: ImageDisk): string {
  const { image } = disk
  const names = [...image.list(history).map((name) => `${history}/${name}`), `${folder}/state`]
  return names.map((path) => `${path} ${image.contentOf(path).toString('base64')}`).join('\n')
}

const logs = (): string[] =>
  [...files.keys()]
    .filter((path) => path.includes('/log.'))
    .sort((a, b) => Number.parseInt(a.split('.')[1] ?? '', 16) - Number.parseInt(b.split('.')[1] ?? '', 16))
const snapshots = (): string[] => [...files.keys()].filter((path) => path.includes('/snapshot.'))

describe('zk-log dump', () => {
  it('of a server -> state, snapshots and every transaction with kind, path, session, time and size', async () => {
    const disk = diskOf(files)
    const before = contentOf(disk)
    const { code, out, err } = await run(['dump', folder], disk)
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(out).toMatch(/server 1, ensemble [0-9a-f]{32}, promised epoch 1 to server 1/)
    expect(out).toMatch(/snapshot of 0x1:[0-9a-f]+: digest [0-9a-f]{16}, \d+ nodes, 1 sessions/)
    expect(out).toMatch(
      /0x1:2 {2}2026-01-01T00:00:0\S+Z {2}create2? \/app \(9 B\) {2}session 0x100000001 {2}\d+ B at \d+, commit 0x1:1/,
    )
    expect(out).toMatch(/multi \(create2? \/app\/x \(2 B\), setData \/app \(0 B\)\)/)
    expect(out).toContain('delete /n3')
    expect(out).toContain('error -101')
    expect(contentOf(disk)).toBe(before)
  })

  it('--json -> one object per line, with the same in fields', async () => {
    const { json } = await run(['dump', '--json', folder], diskOf(files))
    const txns = json.filter((line) => line['type'] === 'transaction')
    expect(txns.map((txn) => txn['zxid'])).toEqual(txns.map((_, i) => `0x1:${(i + 1).toString(16)}`))
    expect(txns[2]).toMatchObject({ kind: 'setData', path: '/app', dataBytes: 5, session: '0x100000001' })
    expect(json[0]).toMatchObject({ type: 'state', serverId: 1, promisedEpoch: 1, history: 'h-0001' })
  })

  it('a snapshot with --nodes -> its nodes', async () => {
    const { out, code } = await run(['dump', '--nodes', snapshots().at(-1) ?? ''], diskOf(files))
    expect(code).toBe(0)
    expect(out).toMatch(/^ {2}\/app\/x {2}2 B {2}version 0 {2}changed in 0x1:4$/m)
  })

  it('a record damaged -> named with file and offset, what follows is shown, exit code 1', async () => {
    const path = logs()[0] ?? ''
    const bytes = Buffer.from(files.get(path) ?? '')
    const at = bytes.indexOf('some data')
    bytes[at] = (bytes[at] ?? 0) ^ 1
    const { code, out } = await run(['dump', path], diskOf(new Map(files).set(path, bytes)))
    expect(code).toBe(1)
    expect(out).toMatch(
      new RegExp(`DAMAGED at ${path}, offset \\d+: found an unsound record, readable again from \\d+`),
    )
    expect(out).toContain('setData /app')
    expect(out).not.toContain('create /app (9 B)')
  })
})

describe('zk-log verify', () => {
  it('sound files -> says what a start would come to, with the digest that the server had', async () => {
    const { code, out } = await run(['verify', folder], diskOf(files))
    expect(code).toBe(0)
    expect(out).not.toContain('DAMAGED')
    expect(out).toContain(`digest ${digest}`)
    expect(out).toMatch(/A start would go on from the snapshot of 0x1:[0-9a-f]+ to 0x1:[0-9a-f]+/)
  })

  it('any file with a bit turned over -> exit code 1 and the file named, or only the end of the log torn', async () => {
    let damaged = 0
    for (const [path, bytes] of files)
      for (let at = 0; at < bytes.length; at += 37) {
        const flipped = Buffer.from(bytes)
        flipped[at] = (bytes[at] ?? 0) ^ 16
        const { code, json } = await run(
          ['verify', '--json', folder],
          diskOf(new Map(files).set(path, flipped)),
        )
        const start = json.at(-1)
        if (code === 0) expect(start, `${path} ${at}`).toMatchObject({ would: 'go on', digest })
        else {
          damaged++
          expect(JSON.stringify(json), `${path} ${at}`).toContain(`${path}, offset`)
        }
      }
    expect(damaged).toBeGreaterThan(30)
  })

  it('a damaged snapshot before the newest -> exit code 1, though a start would go on', async () => {
    const path = snapshots()[0] ?? ''
    const bytes = Buffer.from(files.get(path) ?? '')
    bytes.writeUInt8(bytes.readUInt8(100) ^ 1, 100)
    const { code, out } = await run(['verify', folder], diskOf(new Map(files).set(path, bytes)))
    expect(code).toBe(1)
    expect(out).toContain(`DAMAGED  ${path}, offset`)
    expect(out).toContain('A start would go on')
  })

  it('a torn end -> sound, and where a start would cut it off', async () => {
    const path = logs().at(-1) ?? ''
    const torn = Buffer.concat([files.get(path) ?? Buffer.alloc(0), Buffer.from('half a record')])
    const { code, out } = await run(['verify', folder], diskOf(new Map(files).set(path, torn)))
    expect(code).toBe(0)
    expect(out).toMatch(/torn end, which was never acknowledged/)
    expect(out).toContain(`cut the end off ${path}, from ${torn.length - 13} to ${torn.length}`)
  })

  it('the state file gone -> a start would refuse, exit code 1', async () => {
    const left = new Map(files)
    left.delete(`${folder}/state`)
    const { code, out } = await run(['verify', folder], diskOf(left))
    expect(code).toBe(1)
    expect(out).toMatch(/A start would refuse: \/data\/1\/state: found no such file beside h-0001.*Way out/)
  })
})

describe('zk-log tail', () => {
  it('-n -> the last transactions', async () => {
    const { json } = await run(['tail', '-n', '2', '--json', folder], diskOf(files))
    expect(json.map((txn) => txn['kind'])).toEqual(['delete', 'error'])
  })

  it('--follow -> what comes, each once, over a new file too', async () => {
    const [first = '', ...later] = logs()
    const image = diskOf(new Map([...files].filter(([path]) => !later.includes(path))))
    const whole = files.get(first) ?? Buffer.alloc(0)
    image.image.file(first).truncate(Math.floor(whole.length / 2))
    let looks = 0
    const { json } = await run(['tail', '-n', '100', '-f', '--json', folder], image, () => {
      looks++
      if (looks === 2) image.image.write(image.image.file(first), [whole], 0)
      const next = later[looks - 3]
      if (next !== undefined)
        image.image.write(image.image.openFile(next, true), [files.get(next) ?? Buffer.alloc(0)], 0)
      return looks < later.length + 5
    })
    const { json: all } = await run(['dump', '--json', history], diskOf(files))
    const zxids = (lines: typeof json) =>
      lines.filter((line) => line['type'] === 'transaction').map((line) => line['zxid'])
    expect(zxids(json)).toEqual(zxids(all))
  })
})

describe('zk-log: a log file that was read before', () => {
  const entriesOf = async (from: { offset: number; zxid: number } | null): Promise<SegmentEntry[]> => {
    const entries: SegmentEntry[] = []
    for await (const entry of segmentEntries(diskOf(files), logs()[0] ?? '', true, from)) entries.push(entry)
    return entries
  }

  it('goes on at the record that was the last; is read anew when that one stands there no more', async () => {
    const all = await entriesOf(null)
    const seen = all.filter((entry) => entry.kind === 'record').at(-2)
    if (seen === undefined) throw new Error('too few records')
    const rest = all.slice(all.indexOf(seen))
    expect((await entriesOf(seen)).filter((entry) => entry.kind !== 'header')).toEqual(rest)
    expect(await entriesOf({ offset: seen.offset, zxid: seen.zxid + 1 })).toEqual(all)
    expect(await entriesOf({ offset: seen.offset + 1, zxid: seen.zxid })).toEqual(all)
    expect(await entriesOf({ offset: 1e9, zxid: seen.zxid })).toEqual(all)
  })
})

describe('zk-log: wrong usage', () => {
  it.each([
    [[], /found no command; expected dump, verify, tail/],
    [['frob', 'x'], /found command "frob"; expected dump/],
    [['dump'], /found no path/],
    [['dump', 'a', 'b'], /found 2 paths; expected one/],
    [['tail', '-n', 'many', 'a'], /found -n many; expected a number/],
    [['dump', 'a', '--frob'], /[Uu]nknown argument: frob/],
  ])('%j -> exit code 2 and what was expected', async (words, message) => {
    const { code, err } = await run(words, diskOf(files))
    expect(code).toBe(2)
    expect(err).toMatch(message)
  })

  it('a path with nothing to look at -> exit code 2, and the folders that may have been meant', async () => {
    expect(await run(['dump', '/nowhere'], diskOf(files))).toMatchObject({
      code: 2,
      err: expect.stringContaining('found nothing there'),
    })
    expect(await run(['dump', '/data'], diskOf(files))).toMatchObject({
      code: 2,
      err: expect.stringContaining('/data/1'),
    })
  })

  it('--help -> examples and exit codes', async () => {
    const outcome = await readLogToolArguments(['--help'], '1.2.3')
    expect(outcome).toMatchObject({ kind: 'print', exitCode: 0 })
    if (outcome.kind === 'print')
      expect(outcome.text).toMatch(/zk-log verify data\/1[\s\S]*Exit codes: 0 sound, 1 damaged/)
  })
})
