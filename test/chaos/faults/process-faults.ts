import { draw, type Fault, victim } from './fault.ts'

/** What befalls the processes of servers, and their disks. */
export const processFaults: readonly Fault[] = [
  {
    name: 'kill',
    weight: 5,
    async run(scene) {
      const server = await victim(scene)
      scene.note(`kill -9 of server ${server.id}`)
      await server.kill()
      await scene.pause(0, 2500)
      scene.note(`server ${server.id} starts`)
      server.start()
    },
  },
  {
    name: 'kill several',
    weight: 2,
    async run(scene) {
      const { ensemble, random } = scene
      const servers = draw(random, ensemble.servers, random.between(2, ensemble.servers.length))
      scene.note(`kill -9 of servers ${servers.map(({ id }) => id).join(', ')} at once`)
      await Promise.all(servers.map((server) => server.kill()))
      await scene.pause(0, 1500)
      for (const server of servers) {
        scene.note(`server ${server.id} starts`)
        server.start()
        await scene.pause(0, 300)
      }
    },
  },
  {
    name: 'kill while starting',
    weight: 2,
    async run(scene) {
      const server = await victim(scene)
      scene.note(`kill -9 of server ${server.id}, and again as it recovers`)
      await server.kill()
      for (let i = scene.random.between(1, 3); i > 0; i--) {
        server.start()
        await scene.pause(50, 600)
        await server.kill()
      }
      server.start()
    },
  },
  {
    name: 'freeze',
    weight: 5,
    async run(scene) {
      const server = await victim(scene)
      scene.note(`SIGSTOP of server ${server.id}`)
      server.freeze()
      await scene.pause(100, 4000)
      scene.note(`SIGCONT of server ${server.id}`)
      server.thaw()
    },
  },
  {
    name: 'freeze all',
    weight: 1,
    async run(scene) {
      const { servers } = scene.ensemble
      scene.note('SIGSTOP of all servers')
      for (const server of servers) server.freeze()
      await scene.pause(500, 2500)
      for (const server of draw(scene.random, servers, servers.length)) {
        scene.note(`SIGCONT of server ${server.id}`)
        server.thaw()
        await scene.pause(0, 200)
      }
    },
  },
  {
    name: 'restart',
    weight: 3,
    async run(scene) {
      const server = await victim(scene)
      scene.note(`server ${server.id} is stopped in an orderly way, and started again`)
      await server.terminate()
      await scene.pause(0, 500)
      server.start()
    },
  },
  {
    name: 'rolling restart',
    weight: 1,
    async run(scene) {
      scene.note('rolling restart')
      for (const server of scene.ensemble.servers) {
        await server.terminate()
        server.start()
        await scene.until(`server ${server.id} to serve`, () => server.mode())
      }
    },
  },
  {
    name: 'wiped data directory',
    weight: 2,
    async run(scene) {
      const { ensemble } = scene
      // A majority that remembers everything has to be there: else what was acknowledged may be on this disk alone.
      await scene.until('all servers to serve', () => ensemble.settled(100).then(() => true))
      const server = await victim(scene)
      scene.note(`kill -9 of server ${server.id}, and its data directory is wiped`)
      await server.kill()
      await ensemble.wipe(server.id)
      await scene.pause(0, 1000)
      server.start()
      // Until it has the history again, no other server may lose its own.
      await scene.until(`the wiped server ${server.id} to serve`, () => server.mode())
    },
  },
]
