import { Ensemble } from '../processes/harness/ensemble.ts'
import { testWith } from './needs.ts'
import { serverInUse } from './server-in-use.ts'
import { ZkCli } from './zk-cli.ts'

/** These lines, one after the other. */
function literally(...lines: string[]): RegExp {
  return new RegExp(lines.map((line) => `${line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\n`).join(''))
}

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

testWith(['zookeeper'], 'foreign: zkCli.sh -> containers, TTL, access control, whoami', async () => {
  const ensemble = await Ensemble.start({ settings: { extendedTypesEnabled: 'true' } })
  const [cli, other] = [new ZkCli(ensemble.addresses), new ZkCli(ensemble.addresses)]
  await Promise.all([cli.shows(/state:SyncConnected/), other.shows(/state:SyncConnected/)])

  await cli.run('create -c /container', /Created \/container\n/)
  await cli.run('create -t 600000 /ttl x', /Created \/ttl\n/)
  await cli.run('create -s -t 600000 /ttl- x', /Created \/ttl-0000000002\n/)
  await cli.run('create -e -s /e- x', /Created \/e-0000000003\n/)
  await cli.run('create -e /e x', /Created \/e\n/)
  await cli.run('create /e/x', /Ephemerals cannot have children: \/e\/x\n/)
  await cli.run('getEphemerals', /\[\/e, \/e-0000000003\]\n|\[\/e-0000000003, \/e\]\n/)
  await cli.run('getEphemerals /e-', /\[\/e-0000000003\]\n/)
  await cli.run('create /container/x', /Created \/container\/x\n/)
  await cli.run('create /container/x/y', /Created \/container\/x\/y\n/)
  await cli.run('getAllChildrenNumber /container', /^2\n/)

  await cli.run('create /locked x auth::cdrwa', /Acl is not valid : \/locked\n/)
  await cli.run('whoami', /ip: 127\.0\.0\.1\n/)
  cli.type('addauth digest me:secret')
  await cli.run('whoami', /(ip: 127\.0\.0\.1\ndigest: me|digest: me\nip: 127\.0\.0\.1)\n/)
  await cli.run('create /locked x auth::cdrwa', /Created \/locked\n/)
  await cli.run('getAcl -s /locked', /'digest,'me:016djjlksVQS5RgX3M7biBGyYwY=\n: cdrwa\ncZxid/)
  await other.run('sync /', /Sync is OK\n/)
  await other.run('get /locked', /Insufficient permission : \/locked\n/)
  await other.run('setAcl /locked world:anyone:cdrwa', /Insufficient permission : \/locked\n/)
  cli.type('setAcl /locked auth::cdrwa,world:anyone:r')
  await cli.run('setAcl -v 7 /locked world:anyone:r', /version No is not valid : \/locked\n/)
  await cli.run('getAcl /locked', /: cdrwa\n'world,'anyone\n: r\n/)
  await other.run('sync /', /Sync is OK\n/)
  await other.run('getAcl /locked', /'digest,'me:x\n: cdrwa\n'world,'anyone\n: r\n/)
  cli.type('setAcl -R /container world:anyone:r')
  await cli.run('getAcl /container/x/y', /'world,'anyone\n: r\n/)
  await cli.run('delete /container/x/y', /Insufficient permission : \/container\/x\/y\n/)
})

testWith(['zookeeper'], 'foreign: zkCli.sh -> quotas, told and enforced', async () => {
  const ensemble = await Ensemble.start({ settings: { enforceQuota: 'true' } })
  const cli = new ZkCli(ensemble.addresses)
  await cli.shows(/state:SyncConnected/)

  await cli.run('create /q one', /Created \/q\n/)
  await cli.run('create /q/a 12345', /Created \/q\/a\n/)
  await cli.run('listquota /q', /quota for \/q does not exist/)
  cli.type('setquota -n 10 /q')
  const soft = 'count=10,bytes=-1=;byteHardLimit=-1;countHardLimit=-1'
  await cli.run(
    'listquota /q',
    literally(`Output quota for /q ${soft}`, 'Output stat for /q count=2,bytes=8'),
  )
  cli.type('setquota -N 3 /q')
  await cli.run('create /q/b 1', /Created \/q\/b\n/)
  await cli.run('create /q/c 1', /Quota has exceeded : \/q\/c\n/)
  cli.type('set /q/b 1234')
  const hard = 'count=10,bytes=-1=;byteHardLimit=-1;countHardLimit=3'
  await cli.run(
    'listquota /q',
    literally(`Output quota for /q ${hard}`, 'Output stat for /q count=3,bytes=12'),
  )
  cli.type('delete /q/a')
  await cli.run('listquota /q', literally('Output stat for /q count=2,bytes=7'))
  cli.type('delquota -N /q')
  await cli.run('create /q/c 1', /Created \/q\/c\n/)
  cli.type('delquota /q')
  await cli.run('listquota /q', /quota for \/q does not exist/)
})

testWith(['zookeeper'], 'foreign: zkCli.sh -> persistent watches, and what is refused', async () => {
  const ensemble = await Ensemble.start()
  const cli = new ZkCli(ensemble.addresses)
  await cli.shows(/state:SyncConnected/)

  const event = (type: string, path: string): RegExp =>
    literally(`WatchedEvent state:SyncConnected type:${type} path:${path}`)
  cli.type('addWatch /r')
  cli.type('addWatch -m PERSISTENT /p')
  await cli.run('create /r x', event('NodeCreated', '/r'))
  await cli.run('create /r/a x', event('NodeCreated', '/r/a'))
  await cli.run('set /r/a y', event('NodeDataChanged', '/r/a'))
  await cli.run('delete /r/a', event('NodeDeleted', '/r/a'))
  await cli.run('create /p x', event('NodeCreated', '/p'))
  await cli.run('create /p/a x', event('NodeChildrenChanged', '/p'))
  await cli.run('set /p y', event('NodeDataChanged', '/p'))
  await cli.run('removewatches /r', event('PersistentWatchRemoved', '/r'))
  await cli.run('removewatches /r', /No such watcher for \/r\n/)
  await cli.run('removewatches /p', event('PersistentWatchRemoved', '/p'))
  await cli.run('create /r/b x', /Created \/r\/b\n/)
  await cli.run('ls -w /p', /\[a\]\n/)
  await cli.run('removewatches /p -c', event('ChildWatchRemoved', '/p'))
  await cli.run('create /p/b x', /Created \/p\/b\n/)

  await cli.run('version', /ZooKeeper CLI version: /)
  await cli.run('reconfig -remove 1', /Reconfig is disabled\n/)
  await cli.run('create /no/such x', /Node does not exist: \/no\/such\n/)
  await cli.run('delete /zookeeper', /Arguments are not valid : \/zookeeper\n/)
  cli.type('deleteall /p')
  await cli.run('ls -R /', /^\/\n\/r\n\/zookeeper\n\/r\/b\n\/zookeeper\/config\n\/zookeeper\/quota\n/)
  await cli.run('close', /state:Closed/)
  await cli.run(`connect ${ensemble.addresses}`, /state:SyncConnected/)
  await cli.run('get /r', /x\n/)
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
