import { connect, createServer, type Socket } from 'node:net'
import { codeOf } from '../../../src/runtime/coded-error.ts'
import { SeededRandom } from '../../../src/runtime/seeded-random.ts'
import { until } from '../../processes/harness/until.ts'
import { LossyNetwork } from './lossy-network.ts'
import { openNamespace } from './namespace.ts'
import { ProxiedNetwork } from './proxied-network.ts'

// What lossy-network.test.ts runs in a namespace: machine 1 talks to the peer port of machine 2.
openNamespace()
const network = new LossyNetwork(await ProxiedNetwork.open([1, 2], new SeededRandom(1)))
const far: Socket[] = []
let there = ''
let back = ''
const server = createServer((socket) => {
  far.push(socket)
  // The network resets what it still holds when it is closed.
  socket.on('error', () => {})
  socket.setNoDelay(true)
  socket.on('data', (bytes: Buffer) => {
    there += bytes.toString()
  })
})
await new Promise<void>((resolve) => server.listen(network.door(2, 2).peerPort, '127.0.0.1', resolve))
const near = connect({ port: network.door(1, 2).peerPort, host: '127.0.0.1', noDelay: true })
near.on('data', (bytes: Buffer) => {
  back += bytes.toString()
})

near.write('1')
await until('the first byte', () => there === '1')
console.log(`arrived: ${there}`)
network.set(1, 2, { blocked: true })
near.write('2')
far[0]?.write('answer')
await until('the answer', () => back === 'answer')
console.log(`back: ${back}`)
console.log(`while dropped: ${there}`)
const refused = connect(network.door(1, 2).peerPort, '127.0.0.1')
const code = await new Promise((resolve) => refused.once('error', (error) => resolve(codeOf(error))))
network.heal()
await until('what was lost to be sent again', () => there === '12')
console.log(`after: ${there}`)
console.log(`no way: ${code}`)
near.destroy()
server.close()
await network.close()
