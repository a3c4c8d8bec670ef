import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/**
 * Ports on 127.0.0.1 that nobody listens on. They lie below the range from which the system draws the near ends of outgoing
 * connections: from that range, a connection may take the port of a server that is down for a moment.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found: number[] = []
  while (found.length < count) {
    const port = randomInt(10_000, 32_000)
    if (!found.includes(port) && (await isFree(port))) found.push(port)
  }
  return found
}

/** The first of so many in a row, for programs that count on from one. */
export async function freePortRange(count: number): Promise<number> {
  for (;;) {
    const [first = 0] = await freePorts(1)
    const range = Array.from({ length: count }, (_, i) => first + i)
    if ((await Promise.all(range.map(isFree))).every(Boolean)) return first
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
