import { describe, expect, it } from 'vitest'
import type { Disk } from '../../../src/runtime/disk.ts'
import { loadConfig } from '../../../src/server/config/index.ts'

/** Only reads, from what it was given. */
function diskWith(files: Record<string, string>): Disk {
  const readFile = async (path: string): Promise<Buffer> => {
    const text = files[path]
    if (text === undefined) throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' })
    return Buffer.from(text)
  }
  return { readFile } as Partial<Disk> as Disk
}

const zoo = 'dataDir=../data\nclientPort=2181\nserver.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2'

describe('load config', () => {
  it('no id on the command line -> the one in dataDir/myid', async () => {
    const disk = diskWith({ '/etc/zk/zoo.cfg': zoo, '/etc/data/myid': '3\n' })
    expect((await loadConfig(disk, '/etc/zk/zoo.cfg')).config).toMatchObject({
      serverId: 3,
      serverDir: '/etc/data',
    })
    const table = '1 a 1 2 3\n2 b 1 2 3\n3 c 1 2 3\ndataDir=/data'
    const other = diskWith({ '/e.txt': table, '/data/myid': '2' })
    expect((await loadConfig(other, '/e.txt')).config).toMatchObject({ serverId: 2, serverDir: '/data/2' })
  })

  it('an id on the command line -> that one, whatever myid says', async () => {
    const disk = diskWith({ '/etc/zk/zoo.cfg': zoo, '/etc/data/myid': '3' })
    expect((await loadConfig(disk, '/etc/zk/zoo.cfg', { serverId: 2 })).config.serverId).toBe(2)
  })

  it('neither -> refused', async () => {
    const disk = diskWith({ '/etc/zk/zoo.cfg': zoo })
    await expect(loadConfig(disk, '/etc/zk/zoo.cfg')).rejects.toThrow('found no word on which server this is')
  })

  it('a myid that is no id -> refused by name', async () => {
    const disk = diskWith({ '/etc/zk/zoo.cfg': zoo, '/etc/data/myid': 'three' })
    await expect(loadConfig(disk, '/etc/zk/zoo.cfg')).rejects.toThrow(
      `/etc/data/myid:1: found "three"; expected only the server's id, a whole number from 0 to 255`,
    )
  })

  it('no such file -> refused by name', async () => {
    await expect(loadConfig(diskWith({}), '/none.txt')).rejects.toThrow(
      '/none.txt: found no file /none.txt; expected a configuration file that can be read',
    )
  })

  it('a dynamic file -> read from beside the file; a missing one is refused at its line', async () => {
    const text = 'dataDir=/d\ndynamicConfigFile=zoo.dyn'
    const disk = diskWith({ '/etc/zoo.cfg': text, '/etc/zoo.dyn': 'server.1=a:1:2;2181\nversion=100000000' })
    expect((await loadConfig(disk, '/etc/zoo.cfg')).config).toMatchObject({ serverId: 1, clientPort: 2181 })
    await expect(loadConfig(diskWith({ '/etc/zoo.cfg': text }), '/etc/zoo.cfg')).rejects.toThrow(
      '/etc/zoo.cfg:2: found no file /etc/zoo.dyn',
    )
  })
})
