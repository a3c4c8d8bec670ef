import { networkInterfaces } from 'node:os'
import { expect, onTestFinished, test } from 'vitest'
import { nodeRuntime } from '../../src/runtime/node-runtime.ts'

const addresses = Object.values(networkInterfaces()).flatMap(
  (list) => list?.map(({ address }) => address) ?? [],
)

test('network: a listener on 0.0.0.0 -> takes connections on every loopback address, IPv6 as well where the machine has it', async () => {
  const { network } = nodeRuntime()
  let taken = 0
  const listener = await network.listen({ host: '0.0.0.0', port: 0 }, (connection) => {
    taken++
    connection.destroy()
  })
  onTestFinished(() => listener.close())
  const hosts = ['127.0.0.1', '::1'].filter((host) => addresses.includes(host))
  for (const host of hosts) (await network.connect({ host, port: listener.address.port }, 5000)).destroy()
  await expect.poll(() => taken).toBe(hosts.length)
})
