import { Client } from '../../src/client/index.ts'
import { type DemoEnsemble, serverIds, waitForLeader } from './ensemble.ts'
import type { Stage } from './stage.ts'

/** What is written in the course of the story, and must be found on every server in the end. */
const expectedTree = {
  '/app': 'hello',
  '/app/job-0000000000': 'sweep',
  '/app/job-0000000001': 'mend',
  '/app/later': 'written while server 3 was dead',
} as const

/** The one script, for any stage. Rejects when something is not as it is told. */
export async function tell(stage: Stage, ensemble: DemoEnsemble, signal: AbortSignal): Promise<void> {
  const all = [...serverIds]
  const survivors = [1, 2]

  await stage.say('Banyan keeps one tree of znodes on three servers. Here they start.')
  const pids = new Map<number, number>()
  for (const id of all) pids.set(id, await stage.startServer(id))
  await expectLeader(3, all)
  await stage.say('Server 3 leads: the highest id wins the election.')

  await stage.say('Any client may talk to any of them. We create some znodes.')
  await stage.type('zk-shell -s $servers create /app hello')
  await stage.type('zk-shell -s $servers create -s /app/job- sweep')
  await stage.type('zk-shell -s $servers create -s /app/job- mend')

  await stage.say('Now the leader dies, without a good-bye.')
  await stage.type(`kill -9 ${pids.get(3)}`)
  await expectLeader(2, survivors)
  await stage.say('Server 2 leads. Two of three are a majority, so everything is still there:')
  await stage.type('zk-shell -s $servers tree /app')
  await stage.type('zk-shell -s $servers get /app')
  await stage.type('zk-shell -s $servers get /app/job-0000000001')
  await stage.say('And it can be written to.')
  await stage.type('zk-shell -s $servers create /app/later "written while server 3 was dead"')

  await stage.say('Server 3 comes back. It catches up, and takes the lead over without losing a client.')
  await stage.startServer(3)
  await expectLeader(3, all)
  await stage.say('Server 3 leads again, and has what was written without it:')
  await stage.type('zk-shell -s $server3 get /app/later')
  for (const id of all) await expectTree(id)
  await stage.end('All three servers have the same tree. Nothing was lost.')

  async function expectLeader(id: number, running: readonly number[]): Promise<void> {
    // A returning server follows first, and is handed the lead once it is in step.
    for (let leader = 0; leader !== id; ) {
      const next = await waitForLeader(ensemble, running, signal)
      if (next < leader) throw new Error(`server ${next} leads after server ${leader}, expected server ${id}`)
      leader = next
    }
  }

  async function expectTree(id: number): Promise<void> {
    const client = new Client({ servers: ensemble.addresses.get(id) ?? '' })
    try {
      await client.connect()
      await client.sync('/')
      for (const [path, expected] of Object.entries(expectedTree)) {
        const found = (await client.get(path)).data?.toString()
        if (found !== expected) throw new Error(`server ${id} has "${found}" at ${path}, not "${expected}"`)
      }
    } finally {
      await client.close()
    }
  }
}
