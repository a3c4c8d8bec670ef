import { describe, expect, test } from 'vitest'
import { digestId } from '../../src/server/authentication.ts'
import { type AccessConfig, standardAccess } from '../../src/server/config/access-settings.ts'
import { OpCode } from '../../src/wire/opcodes.ts'
import { Harness } from './client-side-harness.ts'
import { connectBody, frameOf, type RawClient } from './raw-client.ts'

const serving = (access: Partial<AccessConfig> = {}): Promise<Harness> =>
  Harness.serving({ access: { ...standardAccess, ...access } })

const auth = (client: RawClient, scheme: string | null, credentials: string | null, xid = -4): Buffer =>
  client.request(
    OpCode.auth,
    (body) =>
      body
        .int(0)
        .string(scheme)
        .buffer(credentials === null ? null : Buffer.from(credentials)),
    xid,
  )

const create = (client: RawClient, path: string, perms: number, scheme: string, id: string): Buffer =>
  client.request(OpCode.create, (body) =>
    body.string(path).buffer(null).int(1).int(perms).string(scheme).string(id).int(0),
  )

const superDigest = 'super:D/InIHSb7yEEbrWz8b9l71RjZJU='

describe('digest ids', () => {
  test.each([
    ['super:test', 'SHA1', superDigest],
    ['u:p', 'SHA1', 'u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ='],
    ['abc', 'SHA1', 'abc:qZk+NkcGgWq6PiVxeFDCbJzQ2J0='],
    ['a:b:c', 'SHA-256', 'a:sO4E+IDE/0JhR54ueCK3QQruTHFZ9Bha1bDYijErSV4='],
  ])('%s by %s -> %s', (credentials, algorithm, id) => {
    expect(digestId(credentials, algorithm)).toBe(id)
  })

  test('other texts -> other ids: all of it is hashed, the user is what stands before the first colon', () => {
    expect(digestId('a:b:c', 'SHA1')).not.toBe(digestId('a:b', 'SHA1'))
    expect(digestId('a:b:c', 'SHA1').startsWith('a:')).toBe(true)
  })
})

describe('auth', () => {
  test('digest -> header only, zxid 0, the xid that came; requests from then on carry the identity', async () => {
    const harness = await serving()
    const client = harness.client()
    expect(client.ask(auth(client, 'digest', 'u:p'))).toMatchObject([{ xid: -4, zxid: 0, error: 0 }])
    expect(client.ask(create(client, '/mine', 31, 'auth', ''), client.get('/mine'))).toMatchObject([
      { error: 0 },
      { error: 0 },
    ])
    const stranger = harness.client()
    expect(stranger.ask(stranger.get('/mine'), stranger.set('/mine', 'x'))).toMatchObject([
      { error: -102 },
      { error: -102 },
    ])
  })

  test('behind requests that wait -> overtakes them; they keep what they came with', async () => {
    const harness = await serving()
    const client = harness.client()
    client.ask(create(client, '/locked', 31, 'digest', 'u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ='))
    harness.replica.committing = false
    client.send(client.create('/other'), client.get('/locked'), auth(client, 'digest', 'u:p', 77))
    expect(client.frames()).toMatchObject([{ xid: 77, error: 0 }])
    harness.commit()
    expect(client.frames()).toMatchObject([{ error: 0 }, { error: -102 }])
    expect(client.ask(client.get('/locked'))).toMatchObject([{ error: 0 }])
  })

  test('right behind the handshake, in one piece -> answered after it, and known to what comes next', async () => {
    const harness = await serving()
    const client = harness.dial()
    client.send(
      frameOf(connectBody()),
      auth(client, 'digest', 'u:p'),
      create(client, '/mine', 31, 'auth', ''),
      client.get('/mine'),
    )
    client.connectAnswer()
    expect(client.frames()).toMatchObject([{ xid: -4, error: 0 }, { error: 0 }, { error: 0 }])
  })

  test('digestAlg -> the identity is made by it', async () => {
    const harness = await serving({ digestAlgorithm: 'SHA-512' })
    const client = harness.client()
    client.ask(auth(client, 'digest', 'u:p'), create(client, '/mine', 31, 'auth', ''))
    const node = harness.side.state.tree.find('/mine')
    const id = digestId('u:p', 'SHA-512')
    expect(node && harness.side.state.tree.acl(node).entries).toEqual([{ perms: 31, scheme: 'digest', id }])
  })

  test('more identities than every write can carry -> AuthFailed, then closed', async () => {
    const harness = await serving()
    const client = harness.client()
    const user = 'u'.repeat(1900)
    const fitting = [auth(client, 'digest', `${user}:p`), auth(client, 'digest', `${user}2:p`)]
    expect(client.ask(...fitting, ...fitting).map((frame) => frame.error)).toEqual([0, 0, 0, 0])
    expect(client.ask(auth(client, 'digest', `${user}3:p`))).toMatchObject([{ error: -115 }])
    expect(client.connection.ended).toBe('orderly')
  })

  test.each([
    ['an unknown scheme', 'kerberos', 'x'],
    ['world', 'world', 'anyone'],
    ['super, which nobody can claim', 'super', ''],
    ['super with what makes one', 'super', 'super:test'],
    ['sasl', 'sasl', 'x'],
    ['x509', 'x509', 'x'],
    ['digest without credentials', 'digest', null],
    ['a null scheme', null, 'x'],
  ])(
    '%s -> AuthFailed, then closed, and counted; the session survives',
    async (_name, scheme, credentials) => {
      const harness = await serving({ superDigest })
      const client = harness.client()
      const frames = client.ask(auth(client, scheme, credentials))
      expect(frames).toMatchObject([{ error: -115, zxid: 0 }])
      expect(client.connection.ended).toBe('orderly')
      expect(harness.side.state.sessions.size).toBe(1)
      expect(harness.side.metrics.authFailures).toBe(1)
    },
  )

  test.each(['x', '', null])('ip with %s -> always well, the address was known', async (credentials) => {
    const harness = await serving()
    const client = harness.client()
    expect(client.ask(auth(client, 'ip', credentials))).toMatchObject([{ error: 0, zxid: 0 }])
  })

  test('a body that makes no sense -> closed and counted', async () => {
    const harness = await serving()
    const client = harness.client()
    expect(client.ask(client.request(OpCode.auth))).toEqual([])
    expect(client.connection.closed).toBe(true)
    expect(harness.side.metrics.malformedFrames).toBe(1)
  })

  test('sasl -> answered without a token, zxid 0; without one in the request, closed', async () => {
    const harness = await serving()
    const client = harness.client()
    const sasl = (token: Buffer | null) => client.request(OpCode.sasl, (body) => body.buffer(token))
    expect(client.ask(sasl(Buffer.alloc(0)))).toMatchObject([
      { error: 0, zxid: 0, body: Buffer.from('ffffffff', 'hex') },
    ])
    client.ask(sasl(null))
    expect(client.connection.closed).toBe(true)
  })
})

describe('the address of a client', () => {
  test.each([
    ['10.1.2.3', '10.1.0.0/16', 0],
    ['10.2.2.3', '10.1.0.0/16', -102],
    ['::ffff:10.1.2.3', '10.1.0.0/16', 0],
    ['2001:db8::7', '2001:db8::/64', 0],
    ['2001:db9::7', '2001:db8::/64', -102],
    ['::1', '127.0.0.1', -102],
  ])('from %s, where %s may -> reads and writes alike, error %i', async (host, id, error) => {
    const harness = await serving()
    const owner = harness.client()
    owner.ask(create(owner, '/near', 3, 'ip', id))
    const client = harness.dial(host)
    client.connect()
    expect(client.ask(client.get('/near'), client.set('/near', 'x'))).toMatchObject([{ error }, { error }])
  })

  test('auth in a list -> does not stand for an address', async () => {
    const harness = await serving()
    const client = harness.client()
    expect(client.ask(create(client, '/mine', 31, 'auth', ''))).toMatchObject([{ error: -114 }])
  })
})

describe('the super user', () => {
  test('with the configured credentials -> may everything, and is also who they say', async () => {
    const harness = await serving({ superDigest })
    const client = harness.client()
    expect(client.ask(create(client, '/locked', 0, 'world', 'anyone'), client.get('/locked'))).toMatchObject([
      { error: 0 },
      { error: -102 },
    ])
    expect(client.ask(auth(client, 'digest', 'super:test'))).toMatchObject([{ error: 0 }])
    expect(client.ask(client.get('/locked'), client.set('/locked', 'x'))).toMatchObject([
      { error: 0 },
      { error: 0 },
    ])
    client.ask(create(client, '/mine', 31, 'auth', ''))
    const node = harness.side.state.tree.find('/mine')
    expect(node && harness.side.state.tree.acl(node).entries).toEqual([
      { perms: 31, scheme: 'digest', id: superDigest },
    ])
  })

  test('credentials of that user with another password, or nothing configured -> an ordinary identity', async () => {
    for (const [access, credentials] of [
      [{ superDigest }, 'super:guess'],
      [{}, 'super:test'],
    ] as const) {
      const harness = await serving(access)
      const client = harness.client()
      const locked = create(client, '/locked', 0, 'world', 'anyone')
      client.ask(auth(client, 'digest', credentials), locked)
      expect(client.ask(client.get('/locked'))).toMatchObject([{ error: -102 }])
    }
  })

  test('skipACL -> everybody may everything, by reads and writes', async () => {
    const harness = await serving({ skipAcl: true })
    const client = harness.client()
    client.ask(create(client, '/locked', 0, 'world', 'anyone'))
    expect(client.ask(client.get('/locked'), client.set('/locked', 'x'))).toMatchObject([
      { error: 0 },
      { error: 0 },
    ])
  })
})

describe('authentication enforced', () => {
  const enforcedSchemes = new Set(['digest'])

  test('a request of who has not authenticated -> told so with zxid 0, then closed; the session survives', async () => {
    const harness = await serving({ enforcedSchemes })
    for (const ask of [
      (client: RawClient) => client.get('/'),
      (client: RawClient) => client.create('/a'),
      (client: RawClient) => client.ping(),
      (client: RawClient) => client.close(),
    ]) {
      const client = harness.client()
      expect(client.ask(ask(client))).toMatchObject([{ error: -124, zxid: 0 }])
      expect(client.connection.ended).toBe('orderly')
    }
    expect(harness.side.state.sessions.size).toBe(4)
    expect(harness.side.state.tree.find('/a')).toBeUndefined()
  })

  test('after auth by one of the schemes -> served; by ip -> not', async () => {
    const harness = await serving({ enforcedSchemes })
    const client = harness.client()
    expect(
      client.ask(auth(client, 'ip', ''), auth(client, 'digest', 'u:p'), client.create('/a')),
    ).toMatchObject([{ error: 0 }, { error: 0 }, { error: 0 }])
    const other = harness.client()
    expect(other.ask(auth(other, 'ip', ''), other.get('/'))).toMatchObject([{ error: 0 }, { error: -124 }])
  })

  test('requests right behind the handshake -> told after it; what follows is dropped', async () => {
    const harness = await serving({ enforcedSchemes })
    const client = harness.dial()
    client.send(frameOf(connectBody()), client.create('/a'), client.get('/'))
    client.connectAnswer()
    expect(client.frames()).toMatchObject([{ error: -124 }])
    expect(harness.side.state.tree.find('/a')).toBeUndefined()
    const careful = harness.dial()
    careful.send(frameOf(connectBody()), auth(careful, 'digest', 'u:p'), careful.create('/a'))
    careful.connectAnswer()
    expect(careful.frames()).toMatchObject([{ error: 0 }, { error: 0 }])
  })
})
