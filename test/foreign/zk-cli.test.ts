import { Ensemble } from '../processes/harness/ensemble.ts'
import { testWith } from './needs.ts'
import { serverInUse } from './server-in-use.ts'
import { ZkCli } from './zk-cli.ts'

testWith(['zookeeper'], 'foreign: zkCli.sh, the Java client -> data, ephemerals, watches, sync', async () => {
  const ensemble = await Ensemble.start()
  const [cli, other] = [new ZkCli(ensemble.addresses), new ZkCli(ensemble.addresses)]
  await Promise.all([cli.shows(/state:SyncConnected/), other.shows(/state:SyncConnected/)])

  await cli.run('create /data one', /Created \/data\n/)
  await cli.run('create /data again', /Node already exists: \/data/)
  await cli.run('get -s /data', /one\ncZxid = [\s\S]*dataVersion = 0\n[\s\S]*dataLength = 3\n/)
  await cli.run('set -s -v 0 /data two', /dataVersion = 1\n/)
  await cli.run('set -v 0 /data three', /version No is not valid : \/data/)
  await cli.run('get /data', /two\n/)
  await cli.run('get /none', /Node does not exist: \/none/)
  await cli.run('create -s /data/n- x', /Created \/data\/n-0000000000\n/)
  await cli.run('create -s /data/n- x', /Created \/data\/n-0000000001\n/)
  await cli.run('ls -s /data', /\[n-0000000000, n-0000000001\]\ncZxid = [\s\S]*numChildren = 2\n/)
  await cli.run('ls -R /data', /\/data\n\/data\/n-0000000000\n\/data\/n-0000000001\n/)
  await cli.run('delete /data', /Node not empty: \/data/)
  await cli.run('getAcl /data', /'world,'anyone\n: cdrwa\n/)
  cli.type('deleteall /data')
  await cli.run('stat /data', /Node does not exist: \/data/)

  await other.run('create -e /mine here', /Created \/mine\n/)
  await cli.run('sync /', /Sync is OK\n/)
  await cli.run('stat -w /mine', /ephemeralOwner = 0x[1-9a-f][0-9a-f]*\n/)
  await cli.run('ls -w /', /\[mine, zookeeper\]\n/)
  other.type('set /mine there')
  await cli.shows(/WatchedEvent state:SyncConnected type:NodeDataChanged path:\/mine/)
  await cli.run('get -w /mine', /there\n/)
  other.type('quit')
  await cli.shows(/type:NodeDeleted path:\/mine/)
  await cli.shows(/type:NodeChildrenChanged path:\/\n/)
})

testWith(
  ['zookeeper'],
  'foreign: zkCli.sh loses its server -> same session, ephemeral and watch',
  async () => {
    const ensemble = await Ensemble.start()
    const cli = new ZkCli(ensemble.addresses)
    await cli.shows(/state:SyncConnected/)
    await cli.run('create -e /mine here', /Created \/mine\n/)
    const owner = await cli.run('stat -w /mine', /ephemeralOwner = 0x[1-9a-f][0-9a-f]*\n/)
    const server = await serverInUse(ensemble)
    await server.kill()
    await cli.shows(/state:Disconnected type:None/)
    await cli.shows(/state:SyncConnected type:None/)
    await cli.run('stat /mine', new RegExp(owner))
    await cli.run('set /mine there', /type:NodeDataChanged path:\/mine/)
    await cli.run('get /mine', /there\n/)
  },
)
