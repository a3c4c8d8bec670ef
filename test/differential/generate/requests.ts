import type { SeededRandom } from '../../../src/runtime/seeded-random.ts'
import { SpecialXid } from '../../../src/wire/opcodes.ts'
import { requestFrame } from '../encode.ts'
import { configPath, type Field, lastingPaths, type Request, type Text } from '../program.ts'
import {
  anyAcl,
  anyBadPath,
  anyData,
  anyVersion,
  badCredential,
  type Credential,
  freshPath,
  goodCredential,
  likelyPath,
  weighted,
} from './arguments.ts'
import type { Model } from './model.ts'
import { request } from './request.ts'
import { type WatchFamily, WatchRequests } from './watches.ts'

const ephemeralFlag = 1
const sequentialFlag = 2
const ttlFlag = 5
const ttlSequentialFlag = 6

const modeFlags = [
  [8, 0],
  [5, 1],
  [4, 2],
  [3, 3],
] as const

function flags(random: SeededRandom, usual: readonly (readonly [number, number])[]): number {
  if (!random.chance(1, 30)) return weighted(random, usual)
  return random.pick([0, 1, 2, 3, 4, 5, 6, 7, 8, -1, 255, 1 << 20])
}

/** Makes requests, and tells the model what they will have done. */
export class Requests {
  readonly #random: SeededRandom
  readonly #model: Model
  readonly #watches: WatchRequests
  /** Whether everything may be read by everybody. */
  readonly #readable: boolean

  constructor(random: SeededRandom, model: Model, family: WatchFamily) {
    this.#random = random
    this.#model = model
    this.#watches = new WatchRequests(random, family, () => this.#readPath())
    this.#readable = family !== 'none'
  }

  create(client: number, inMulti = false): Request {
    const random = this.#random
    const name = weighted<'create' | 'create2' | 'createContainer' | 'createTtl'>(random, [
      [10, 'create'],
      [6, 'create2'],
      [3, 'createContainer'],
      [3, 'createTtl'],
    ])
    const usual = {
      create: modeFlags,
      create2: modeFlags,
      createContainer: [[12, 4] as const, [1, 0] as const, [1, 1] as const, [1, 2] as const],
      createTtl: [[6, ttlFlag] as const, [4, ttlSequentialFlag] as const, [1, 0] as const],
    }[name]
    const mode = flags(random, usual)
    const sequential = [sequentialFlag, 3, ttlSequentialFlag].includes(mode)
    const path = this.#createdPath(sequential)
    const fields: Field[] = [
      { text: path },
      { bytes: anyData(random) },
      { acl: anyAcl(random, this.#readable) },
      { int: mode },
    ]
    if (name === 'createTtl') fields.push({ long: this.#ttl(mode, inMulti) })
    if (typeof path === 'string') {
      const isEphemeral = mode === ephemeralFlag || mode === 3
      this.#model.create(path, isEphemeral && name !== 'createContainer' ? client : null, sequential)
    }
    return request(name, ...fields)
  }

  delete(): Request {
    const random = this.#random
    const leaves = this.#model.paths().filter((path) => this.#model.childrenOf(path).length === 0)
    const path =
      leaves.length > 0 && random.chance(1, 2) ? random.pick(leaves) : likelyPath(random, this.#model)
    const version = anyVersion(random, this.#versionOf(path))
    if (typeof path === 'string' && (version === -1 || version === this.#versionOf(path)))
      this.#model.delete(path)
    return request('delete', { text: path }, { int: version })
  }

  setData(): Request {
    const drawn = likelyPath(this.#random, this.#model)
    // ZooKeeper lets the super user spoil it, for all programs that follow; Banyan nobody.
    const path = drawn === configPath ? '/zookeeper' : drawn
    const version = anyVersion(this.#random, this.#versionOf(path))
    if (typeof path === 'string' && (version === -1 || version === this.#versionOf(path)))
      this.#model.set(path)
    return request('setData', { text: path }, { bytes: anyData(this.#random) }, { int: version })
  }

  check(): Request {
    const path = likelyPath(this.#random, this.#model)
    const version = this.#random.chance(1, 2) ? -1 : anyVersion(this.#random, this.#versionOf(path))
    return request('check', { text: path }, { int: version })
  }

  setAcl(): Request {
    const path = likelyPath(this.#random, this.#model)
    // An ACL on the root would end most programs early: there, only what is refused is tried.
    const isHigh = typeof path !== 'string' || path.split('/').length < 3
    const acl = isHigh ? [{ perms: 31, scheme: 'world', id: 'anyone' }] : anyAcl(this.#random, this.#readable)
    const version = this.#random.chance(3, 4) ? -1 : this.#random.between(-2, 2)
    return request('setAcl', { text: path }, { acl }, { int: version })
  }

  write(client: number): Request {
    return weighted<() => Request>(this.#random, [
      [24, () => this.create(client)],
      [10, () => this.delete()],
      [10, () => this.setData()],
      [6, () => this.setAcl()],
      [9, () => this.multi(client)],
    ])()
  }

  read(): Request {
    const random = this.#random
    const path = likelyPath(random, this.#model)
    const watch = this.#watches.flag(path)
    const existsPath = this.#readPath()
    return weighted<() => Request>(random, [
      [7, () => request('exists', { text: existsPath }, this.#watches.flag(existsPath))],
      [8, () => request('getData', { text: path }, watch)],
      [4, () => request('getAcl', { text: path })],
      [4, () => request('getChildren', { text: path }, watch)],
      [4, () => request('getChildren2', { text: path }, watch)],
      [2, () => request('getAllChildrenNumber', { text: path })],
      [2, () => request('getEphemerals', { text: random.pick(['', '/', '/d', '/d/a', null, 'x', ' ']) })],
      [2, () => request('whoAmI')],
      [1, () => request('sync', { text: path })],
      [1, () => request('ping')],
      [4, () => this.multiRead()],
    ])()
  }

  watch(stepsSoFar: number): Request {
    return this.#watches.any(stepsSoFar) ?? this.read()
  }

  multi(client: number): Request {
    const random = this.#random
    const count = weighted(random, [
      [1, 0],
      [4, 1],
      [6, 2],
      [6, 3],
      [3, 5],
    ])
    const ops = Array.from({ length: count }, () => withPath(this.#subOperation(client)))
    return request('multi', random.chance(1, 60) ? { ops, open: true } : { ops })
  }

  multiRead(): Request {
    const random = this.#random
    const ops = Array.from({ length: random.between(0, 4) }, () => {
      const path: Field = { text: likelyPath(random, this.#model) }
      const watch: Field = { bool: random.below(2) }
      if (random.chance(1, 25)) return random.chance(1, 2) ? this.check() : request('exists', path, watch)
      return request(random.chance(1, 2) ? 'getData' : 'getChildren', path, watch)
    })
    return request('multiRead', { ops })
  }

  addauth(credential: Credential): Request {
    const made = request('auth', { int: 0 }, { text: credential.scheme }, { bytes: credential.secret })
    return this.#random.chance(1, 2) ? { ...made, xid: SpecialXid.auth } : made
  }

  goodAuth(): Request {
    return this.addauth(goodCredential(this.#random))
  }

  badAuth(): Request {
    return this.addauth(badCredential(this.#random))
  }

  /** Requests that a real client sends rarely or never. */
  rare(): Request {
    const random = this.#random
    const text = (): Field => ({ text: random.pick([null, '', 'server.4=127.0.0.1:1:2;3']) })
    return weighted<() => Request>(random, [
      [2, () => request('reconfig', text(), text(), text(), { long: random.pick(['-1', '0', '5']) })],
      [1, () => request('sasl', { bytes: random.pick([null, '', 'token']) })],
    ])()
  }

  /** One that no server knows. */
  unknown(): Request {
    const path = likelyPath(this.#random, this.#model)
    return this.#random.pick<Request>([
      { name: 'opcode 10', opcode: 10, fields: [] },
      { name: 'opcode 23', opcode: 23, fields: [{ text: path }] },
      { name: 'opcode 99', opcode: 99, fields: [] },
      { name: 'opcode 108', opcode: 108, fields: [{ text: path }] },
      { name: 'opcode 0', opcode: 0, fields: [] },
      { name: 'opcode -1', opcode: -1, fields: [] },
      { name: 'opcode -100', opcode: -100, fields: [] },
    ])
  }

  /** The same request, broken. */
  spoil(whole: Request): Request {
    const random = this.#random
    if (bodyLength(whole) === 0) return whole
    return weighted<() => Request>(random, [
      [3, () => ({ ...whole, cut: random.below(Math.min(bodyLength(whole), 40)) })],
      [1, () => ({ ...whole, extra: random.between(1, 9) })],
      [4, () => this.#elsewhere(whole)],
    ])()
  }

  #elsewhere(whole: Request): Request {
    const path = anyBadPath(this.#random)
    if (path === '/' && whole.name.startsWith('create')) return whole
    const [first] = whole.fields
    if (first === undefined || !('text' in first)) return whole
    // The kind of watch depends on the path.
    if (/Watch/.test(whole.name) || whole.fields.some((field) => 'bool' in field && field.bool === 1))
      return whole
    return { ...whole, fields: [{ text: path }, ...whole.fields.slice(1)] }
  }

  #subOperation(client: number): Request {
    const random = this.#random
    return weighted<() => Request>(random, [
      [12, () => this.create(client, true)],
      [8, () => this.delete()],
      [8, () => this.setData()],
      [8, () => this.check()],
      [
        1,
        () =>
          random.pick([
            this.setAcl(),
            request('getData', { text: this.#readPath() }, { bool: 0 }),
            request('exists', { text: this.#readPath() }, { bool: 0 }),
            request('ping'),
          ]),
      ],
    ])()
  }

  #createdPath(sequential: boolean): Text {
    const random = this.#random
    const path = freshPath(random, this.#model)
    const beside = sequential && random.chance(1, 8) ? `${path.slice(0, path.lastIndexOf('/'))}/` : path
    if (random.chance(6, 7)) return beside
    const other = random.chance(1, 4) ? anyBadPath(random) : likelyPath(random, this.#model)
    // Nothing is numbered beside what outlives programs: how many children there ever were depends on earlier ones.
    return sequential && isBesideLasting(other) ? path : other
  }

  #readPath(): Text {
    return this.#random.chance(1, 3)
      ? freshPath(this.#random, this.#model)
      : likelyPath(this.#random, this.#model)
  }

  #versionOf(path: Text): number | undefined {
    return typeof path === 'string' ? this.#model.nodes.get(path)?.version : undefined
  }

  /** Apache ZooKeeper dies of a plain mode with the time to live -1 outside of a multi, and checks other negative ones late. */
  #ttl(mode: number, inMulti: boolean): string {
    const usual = String(this.#random.between(1, 2 ** 31))
    if (!this.#random.chance(1, 6)) return usual
    const odd = ['0', '1', String(2 ** 40 - 1), String(2 ** 40), '9223372036854775807']
    if (inMulti || mode === ttlFlag || mode === ttlSequentialFlag) odd.push('-1', '-2')
    return this.#random.pick(odd)
  }
}

function isBesideLasting(path: Text): boolean {
  if (typeof path !== 'string') return false
  const parent = path.slice(0, Math.max(path.lastIndexOf('/'), 1))
  return lastingPaths.some((lasting) => lasting === parent)
}

/** Apache ZooKeeper never answers a multi with a null path to a client of a follower, and nothing that comes after it. */
function withPath(operation: Request): Request {
  const [path, ...others] = operation.fields
  const isNull = path !== undefined && 'text' in path && path.text === null
  return isNull ? { ...operation, fields: [{ text: '' }, ...others] } : operation
}

function bodyLength(whole: Request): number {
  const headerBytes = 12
  return requestFrame(0, whole, () => 0n).length - headerBytes
}
