import { createHash } from 'node:crypto'
import type { SeededRandom } from '../../../src/runtime/seeded-random.ts'
import { type Acl, home, lastingPaths, superCredential, type Text } from '../program.ts'
import type { Model } from './model.ts'

/** Picks by weight. */
export function weighted<T>(random: SeededRandom, choices: readonly (readonly [number, T])[]): T {
  let left = random.below(choices.reduce((sum, [weight]) => sum + weight, 0))
  for (const [weight, choice] of choices) {
    if (left < weight) return choice
    left -= weight
  }
  throw new Error('nothing to pick from')
}

const names = ['a', 'b', 'c'] as const
const oddNames = ['é', 'n 1', '.a', 'a.', '...', '\uf900', '\uffef', 'zookeeper'] as const

/** Paths that ZooKeeper refuses, or takes for the root, or looks up in vain. */
const badPaths: readonly Text[] = [
  null,
  '',
  '/',
  'd',
  'd/a',
  '//',
  `${home}/`,
  `${home}/a/`,
  `${home}//a`,
  `${home}/.`,
  `${home}/..`,
  `${home}/./a`,
  `${home}/../d`,
  `${home}/a/..`,
  `${home}/\u0000`,
  `${home}/a\u0000b`,
  `${home}/\u0001`,
  `${home}/\u001f`,
  `${home}/\u007f`,
  `${home}/\u009f`,
  `${home}/\ue000`,
  `${home}/\uf8ff`,
  `${home}/\ufff0`,
  `${home}/\uffff`,
  `${home}/\u{1f600}`,
  `${home}/missing//a`,
  '/nowhere/a',
  { hex: '2f642fff' },
  { hex: '2f642fc3' },
]

export function anyBadPath(random: SeededRandom): Text {
  return random.pick(badPaths)
}

/** Where a node is, as far as one knows. */
export function likelyPath(random: SeededRandom, model: Model): Text {
  return weighted<() => Text>(random, [
    [75, () => random.pick(model.paths())],
    [15, () => freshPath(random, model)],
    [4, () => random.pick(lastingPaths)],
    [4, () => anyBadPath(random)],
  ])()
}

/** Where a node could be made. */
export function freshPath(random: SeededRandom, model: Model): string {
  const shallow = model.paths().filter((path) => path.split('/').length < 5)
  const parent = random.chance(1, 12) ? `${home}/${random.pick(names)}` : random.pick(shallow)
  const name = random.chance(1, 15) ? random.pick(oddNames) : random.pick(names)
  return `${parent}/${name}`
}

export function anyData(random: SeededRandom): string | null {
  return weighted<() => string | null>(random, [
    [3, () => null],
    [3, () => ''],
    [10, () => 'x'.repeat(random.between(1, 8))],
    [2, () => 'y'.repeat(random.between(9, 60))],
    [1, () => 'long '.repeat(random.between(100, 2_000))],
  ])()
}

/** Mostly right. */
export function anyVersion(random: SeededRandom, known: number | undefined): number {
  return weighted<() => number>(random, [
    [12, () => -1],
    [8, () => known ?? 0],
    [2, () => (known ?? 0) + 1],
    [2, () => random.between(0, 3)],
    [1, () => -2],
    [1, () => 0x7fff_ffff],
  ])()
}

export const users = ['u1:p1', 'u2:p2'] as const

export function digestId(credential: string): string {
  const [user] = credential.split(':')
  return `${user}:${createHash('sha1').update(credential).digest('base64')}`
}

const open: Acl = { perms: 31, scheme: 'world', id: 'anyone' }

/** @param readable whether everybody may read what the list guards, whatever else is in it */
export function anyAcl(random: SeededRandom, readable: boolean): readonly Acl[] | null {
  const acl = anyEntries(random)
  return !readable || acl === null || acl.length === 0 ? acl : [...acl, { ...open, perms: 1 }]
}

function anyEntries(random: SeededRandom): readonly Acl[] | null {
  return weighted<() => readonly Acl[] | null>(random, [
    [40, () => [open]],
    [6, () => [{ perms: anyPerms(random), scheme: 'auth', id: '' }]],
    [6, () => [{ perms: anyPerms(random), scheme: 'digest', id: digestId(random.pick(users)) }]],
    [3, () => [{ ...open, perms: anyPerms(random) }]],
    [6, () => [goodEntry(random), ...Array.from({ length: random.below(4) }, () => plainEntry(random))]],
    [3, () => [oddEntry(random), goodEntry(random)]],
    [3, () => [oddEntry(random)]],
    [1, () => [open, open]],
    [1, () => []],
    [1, () => null],
  ])()
}

function anyPerms(random: SeededRandom): number {
  return weighted<() => number>(random, [
    [6, () => 31],
    [6, () => random.below(32)],
    [2, () => 1 << random.below(5)],
    [1, () => 0],
    [1, () => 32 + random.below(64)],
    [1, () => -1],
  ])()
}

/** Apache ZooKeeper cannot compare entries with a null behind others, and answers that with an error of its own. */
function plainEntry(random: SeededRandom): Acl {
  const entry = goodEntry(random)
  return entry.id === null ? { ...entry, id: '' } : entry
}

function goodEntry(random: SeededRandom): Acl {
  const perms = anyPerms(random)
  return weighted<() => Acl>(random, [
    [3, () => ({ perms, scheme: 'world', id: 'anyone' })],
    [4, () => ({ perms, scheme: 'digest', id: digestId(random.pick(users)) })],
    [2, () => ({ perms, scheme: 'auth', id: random.pick(['', 'ignored', null]) })],
    [4, () => ({ perms, scheme: 'ip', id: random.pick(goodAddresses) })],
  ])()
}

/** Of IPv4 alone: ZooKeeper 3.8 knows no others here. */
const goodAddresses = [
  '127.0.0.1',
  '127.0.0.0/8',
  '127.0.0.1/32',
  '0.0.0.0/0',
  '10.0.0.0/8',
  '10.1.2.3',
] as const

function oddEntry(random: SeededRandom): Acl {
  return {
    perms: anyPerms(random),
    ...random.pick<Omit<Acl, 'perms'>>([
      { scheme: 'world', id: 'somebody' },
      { scheme: 'world', id: '' },
      { scheme: 'world', id: null },
      { scheme: 'digest', id: 'nobody' },
      { scheme: 'digest', id: 'a:b:c' },
      { scheme: 'digest', id: 'a:' },
      { scheme: 'digest', id: ':b' },
      { scheme: 'digest', id: ':' },
      { scheme: 'digest', id: 'a:b:' },
      { scheme: 'digest', id: '' },
      { scheme: 'digest', id: null },
      { scheme: 'ip', id: '127.0.0.1/33' },
      { scheme: 'ip', id: '127.0.0.1/-1' },
      { scheme: 'ip', id: '127.0.0.1/' },
      { scheme: 'ip', id: '127.0.0.1/x' },
      { scheme: 'ip', id: '127.0.0' },
      { scheme: 'ip', id: '256.0.0.1' },
      { scheme: 'ip', id: 'localhost' },
      { scheme: 'ip', id: '::1/129' },
      { scheme: 'ip', id: '1:2:3' },
      { scheme: 'ip', id: '' },
      { scheme: 'ip', id: null },
      { scheme: 'super', id: '' },
      { scheme: 'super', id: 'super' },
      { scheme: 'x509', id: 'CN=somebody' },
      { scheme: 'sasl', id: 'somebody' },
      { scheme: 'unheard', id: 'of' },
      { scheme: '', id: '' },
      { scheme: null, id: 'anyone' },
      { scheme: null, id: null },
    ]),
  }
}

export interface Credential {
  readonly scheme: Text
  readonly secret: string | null
}

/** Those that are taken. */
export function goodCredential(random: SeededRandom): Credential {
  return weighted<() => Credential>(random, [
    [10, () => ({ scheme: 'digest', secret: random.pick(users) })],
    [2, () => ({ scheme: 'digest', secret: superCredential })],
    [1, () => ({ scheme: 'digest', secret: 'super:wrong' })],
    [1, () => ({ scheme: 'digest', secret: 'without' })],
    [1, () => ({ scheme: 'digest', secret: 'a:b:c' })],
    [1, () => ({ scheme: 'digest', secret: ':' })],
    [1, () => ({ scheme: 'ip', secret: '10.0.0.1' })],
  ])()
}

/** Those that are refused, whereupon the connection is closed. */
export function badCredential(random: SeededRandom): Credential {
  return random.pick<Credential>([
    { scheme: 'digest', secret: null },
    { scheme: 'world', secret: 'anyone' },
    { scheme: 'auth', secret: '' },
    { scheme: 'super', secret: 'test' },
    { scheme: 'x509', secret: '' },
    { scheme: 'sasl', secret: '' },
    { scheme: 'unheard', secret: 'of' },
    { scheme: '', secret: '' },
    { scheme: null, secret: '' },
  ])
}
