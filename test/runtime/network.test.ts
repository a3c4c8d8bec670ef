import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Connection, Listener } from '../../src/runtime/network.ts'
import { type TriedWorld, worlds } from './worlds.ts'

/** An end of a connection that keeps everything it is told. */
class End {
  received = Buffer.alloc(0)
  dataCalls = 0
  closes: (Error | undefined)[] = []
  drains = 0
  readonly closed: Promise<Error | undefined>
  readonly connection: Connection
  readonly #waiting: { bytes: number; done: () => void }[] = []
  #onDrain = (): void => {}

  constructor(connection: Connection, onEnd?: () => void) {
    this.connection = connection
    let close: (reason: Error | undefined) => void
    this.closed = new Promise((resolve) => {
      close = resolve
    })
    connection.setHandlers({
      onData: (bytes) => {
        this.dataCalls++
        this.received = Buffer.concat([this.received, bytes])
        for (const { bytes, done } of this.#waiting) if (this.received.length >= bytes) done()
      },
      onDrain: () => {
        this.drains++
        this.#onDrain()
      },
      ...(onEnd === undefined ? {} : { onEnd }),
      onClose: (reason) => {
        this.closes.push(reason)
        close(reason)
      },
    })
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#onDrain = resolve
    })
  }

  has(bytes: number): Promise<void> {
    return new Promise((done) => {
      if (this.received.length >= bytes) done()
      else this.#waiting.push({ bytes, done })
    })
  }
}

describe.each(Object.keys(worlds))('network of the %s runtime', (name) => {
  let world: TriedWorld
  let listener: Listener
  let accepted: End[]
  let onAccept: (end: End) => void
  let onPeerEnd: (() => void) | undefined

  beforeEach(async () => {
    world = await (worlds[name] as () => Promise<TriedWorld>)()
    accepted = []
    onAccept = () => {}
    onPeerEnd = undefined
    listener = await world.wait(
      world.runtime.network.listen({ host: world.host, port: 0 }, (connection) => {
        const end = new End(connection, onPeerEnd)
        accepted.push(end)
        onAccept(end)
      }),
    )
  })

  afterEach(async () => {
    for (const end of accepted) end.connection.destroy()
    await listener.close()
    await world.close()
  })

  async function pair(): Promise<{ near: End; far: End }> {
    const taken = new Promise<End>((resolve) => {
      onAccept = resolve
    })
    const connecting = world.runtime.network.connect(listener.address, 2_000).then((c) => new End(c))
    const near = await world.wait(connecting)
    return { near, far: await world.wait(taken) }
  }

  const turn = () => world.wait(new Promise<void>((done) => world.runtime.timers.after(5, done)))

  it('listen: port 0 -> a real port of the given host', () => {
    expect(listener.address.host).toBe(world.host)
    expect(listener.address.port).toBeGreaterThan(0)
  })

  it('listen: port taken -> EADDRINUSE', async () => {
    await expect(world.wait(world.runtime.network.listen(listener.address, () => {}))).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
  })

  it('listen: not an address of this machine -> EADDRNOTAVAIL', async () => {
    const foreign = { host: name === 'node' ? '192.0.2.1' : 'elsewhere', port: 0 }
    await expect(world.wait(world.runtime.network.listen(foreign, () => {}))).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
    })
  })

  it('connect: nobody listens -> ECONNREFUSED', async () => {
    const { address } = listener
    await listener.close()
    await expect(world.wait(world.runtime.network.connect(address, 2_000))).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    })
  })

  it('listener closed while connections live -> it resolves, they go on, the port is free', async () => {
    const { near, far } = await pair()
    await world.wait(listener.close())
    near.connection.write(Buffer.from('still here'))
    await world.wait(far.has(10))
    const again = await world.wait(world.runtime.network.listen(listener.address, () => {}))
    await again.close()
    near.connection.destroy()
  })

  it('many writes over many turns -> the bytes arrive in order', async () => {
    const { near, far } = await pair()
    const sent: Buffer[] = []
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 20; i++) {
        const bytes = Buffer.alloc(1 + ((round * 37 + i * 11) % 300), round * 20 + i)
        sent.push(bytes)
        near.connection.write(bytes)
      }
      await turn()
    }
    const all = Buffer.concat(sent)
    await world.wait(far.has(all.length))
    expect(far.received.equals(all)).toBe(true)
    near.connection.destroy()
  })

  it('many writes in one turn -> few pieces', async () => {
    const { near, far } = await pair()
    for (let i = 0; i < 500; i++) near.connection.write(Buffer.from('0123456789'))
    expect(near.connection.bufferedBytes).toBe(5_000)
    await world.wait(far.has(5_000))
    expect(far.dataCalls).toBeLessThanOrEqual(2)
    expect(near.connection.bufferedBytes).toBe(0)
    near.connection.destroy()
  })

  it('end: what was written arrives, then both sides close once, in order, without a reason', async () => {
    const { near, far } = await pair()
    near.connection.write(Buffer.from('last words'))
    near.connection.end()
    expect(near.connection.closed).toBe(true)
    expect(near.connection.write(Buffer.from('too late'))).toBe(false)
    expect(await world.wait(far.closed)).toBeUndefined()
    expect(await world.wait(near.closed)).toBeUndefined()
    await turn()
    expect(far.received.toString()).toBe('last words')
    expect([near.closes.length, far.closes.length]).toEqual([1, 1])
  })

  it('end by the peer: what this side has written in the same turn still arrives', async () => {
    const taken = new Promise<End>((resolve) => {
      onAccept = resolve
    })
    const near = await world.wait(
      world.runtime.network.connect(listener.address, 2_000).then((connection) => {
        const end = new End(connection)
        return end
      }),
    )
    const far = await world.wait(taken)
    far.connection.write(Buffer.from('answer'))
    near.connection.write(Buffer.from('question'))
    await world.wait(Promise.all([far.has(8), near.has(6)]))
    near.connection.end()
    await world.wait(Promise.all([near.closed, far.closed]))
    expect(near.received.toString()).toBe('answer')
  })

  it('end by the peer, to an owner that wants to know -> told, and its side stays open until it ends it', async () => {
    const told = new Promise<void>((resolve) => {
      onPeerEnd = resolve
    })
    const { near, far } = await pair()
    near.connection.end()
    await world.wait(told)
    expect(far.connection.closed).toBe(false)
    expect(far.connection.write(Buffer.from('late'))).toBe(true)
    far.connection.end()
    expect(await world.wait(far.closed)).toBeUndefined()
    expect(await world.wait(near.closed)).toBeUndefined()
  })

  it('destroy: both sides close once, and nothing is called from within', async () => {
    const { near, far } = await pair()
    near.connection.destroy()
    near.connection.destroy()
    expect(near.closes.length).toBe(0)
    await world.wait(Promise.all([near.closed, far.closed]))
    await turn()
    expect([near.closes.length, far.closes.length]).toEqual([1, 1])
    expect(near.closes[0]).toBeUndefined()
  })

  it('pause: no data until resume, and none is lost', async () => {
    const { near, far } = await pair()
    far.connection.pause()
    near.connection.write(Buffer.from('first'))
    await turn()
    near.connection.write(Buffer.from('second'))
    await turn()
    expect(far.received.length).toBe(0)
    far.connection.resume()
    await world.wait(far.has(11))
    expect(far.received.toString()).toBe('firstsecond')
    near.connection.destroy()
  })

  it('a reader that does not read -> write says false, the buffer shows it, a drain follows when it reads', async () => {
    const { near, far } = await pair()
    far.connection.pause()
    let sent = 0
    let accepting = true
    for (let i = 0; i < 400 && accepting; i++) {
      accepting = near.connection.write(Buffer.alloc(64 * 1024))
      sent += 64 * 1024
      await turn()
    }
    expect(accepting).toBe(false)
    expect(near.connection.bufferedBytes).toBeGreaterThan(64 * 1024)
    expect(near.drains).toBe(0)
    far.connection.resume()
    await world.wait(far.has(sent))
    await turn()
    expect(near.drains).toBe(1)
    expect(near.connection.bufferedBytes).toBe(0)
    near.connection.destroy()
  })

  it.each([300_000, 1_048_577, 2_000_000, 8_000_000])(
    '%d bytes at once to one who reads, all of which the system may take -> write says false, a drain follows',
    async (bytes) => {
      const { near, far } = await pair()
      const drained = near.drained()
      expect(near.connection.write(Buffer.alloc(bytes))).toBe(false)
      await world.wait(drained)
      await world.wait(far.has(bytes))
      expect(near.drains).toBe(1)
      near.connection.destroy()
    },
  )

  it('end towards a peer that never reads -> closed after the linger time all the same', async () => {
    const { near, far } = await pair()
    far.connection.pause()
    near.connection.write(Buffer.alloc(100))
    near.connection.end()
    await world.wait(near.closed)
    expect(near.closes.length).toBe(1)
  })
})
