/** A default that differs between the two file formats, because ZooKeeper's own must hold for its own files. */
export type ByFormat<T> = T | { readonly table: T; readonly zoo: T }

export interface NumberSetting {
  readonly kind: 'number'
  readonly min: number
  readonly max: number
  readonly unit: string
  readonly default: ByFormat<number>
  /** Java reads this one from a system property, where hexadecimal is allowed. */
  readonly hexadecimal?: boolean
  readonly meaning: string
}
/** Where nothing is given, the value follows from others; -1 asks for that as well. */
export interface DerivedSetting {
  readonly kind: 'derived'
  readonly min: number
  readonly max: number
  readonly unit: string
  readonly default: string
  readonly meaning: string
}
export interface SwitchSetting {
  readonly kind: 'switch'
  readonly default: boolean
  readonly meaning: string
}
export interface ChoiceSetting<C extends string> {
  readonly kind: 'choice'
  readonly choices: readonly C[]
  readonly default: C
  /** Values that are understood and refused, with the reason. */
  readonly refused?: Readonly<Record<string, string>>
  readonly meaning: string
}
export interface TextSetting {
  readonly kind: 'text'
  readonly default: string
  readonly meaning: string
}
export type Setting = NumberSetting | DerivedSetting | SwitchSetting | ChoiceSetting<string> | TextSetting

const msMax = 2 ** 31 - 1
const choice = <const C extends string>(setting: Omit<ChoiceSetting<C>, 'kind'>): ChoiceSetting<C> => ({
  kind: 'choice',
  ...setting,
})

/** Every setting that does something, under ZooKeeper's name where ZooKeeper has one. The same for both formats. */
export const settings = {
  dataDir: {
    kind: 'text',
    default: 'required',
    meaning:
      'Where the data is kept; relative to the config file. Server N of a table keeps its files in dataDir/N, a zoo.cfg its own in dataDir.',
  },
  clientPort: {
    kind: 'derived',
    min: 1,
    max: 65_535,
    unit: '',
    default: 'required in a zoo.cfg',
    meaning:
      "zoo.cfg: this server's client port, where its server line does not give one. The table has a column for it.",
  },
  clientPortAddress: {
    kind: 'text',
    default: 'the host of the server line; 0.0.0.0 in a zoo.cfg',
    meaning: 'The address the client port listens on; 0.0.0.0 for every address of the machine.',
  },
  dynamicConfigFile: {
    kind: 'text',
    default: 'none',
    meaning: 'zoo.cfg: a second file with the server lines.',
  },
  standaloneEnabled: {
    kind: 'switch',
    default: true,
    meaning:
      'Whether a single server calls itself standalone (yes) or the leader of an ensemble of one (no).',
  },
  tickTime: {
    kind: 'number',
    min: 10,
    max: 3_600_000,
    unit: 'ms',
    default: { table: 2000, zoo: 3000 },
    meaning: 'The unit of initLimit, syncLimit and the session timeout bounds.',
  },
  initLimit: {
    kind: 'number',
    min: 1,
    max: 1_000_000,
    unit: 'ticks',
    default: 10,
    meaning: 'How long a follower may take to join a leader and to be synchronized.',
  },
  syncLimit: {
    kind: 'number',
    min: 1,
    max: 1_000_000,
    unit: 'ticks',
    default: 5,
    meaning: 'How long a leader may be out of reach of a quorum, and a client kept waiting without a leader.',
  },
  minSessionTimeout: {
    kind: 'derived',
    min: 1,
    max: msMax,
    unit: 'ms',
    default: '2 × tickTime',
    meaning: 'The shortest session timeout that a client gets.',
  },
  maxSessionTimeout: {
    kind: 'derived',
    min: 1,
    max: msMax,
    unit: 'ms',
    default: '20 × tickTime',
    meaning: 'The longest session timeout that a client gets.',
  },
  maxClientCnxns: {
    kind: 'number',
    min: 0,
    max: 1_000_000,
    unit: 'connections',
    default: 60,
    meaning: 'Client connections from one address; 0 for any number.',
  },
  maxCnxns: {
    kind: 'number',
    min: 0,
    max: 10_000_000,
    unit: 'connections',
    default: 0,
    meaning: 'Client connections of one server altogether; 0 for any number.',
  },
  'nio.sessionlessCnxnTimeout': {
    kind: 'number',
    min: 1,
    max: msMax,
    unit: 'ms',
    default: 10_000,
    meaning: 'A client connection that has brought no session by then is closed.',
  },
  globalOutstandingLimit: {
    kind: 'number',
    min: 1,
    max: 1_000_000,
    unit: 'requests',
    default: 10_000,
    meaning: 'Requests of clients that may wait on one server; above it, reading from clients pauses.',
  },
  snapCount: {
    kind: 'number',
    min: 2,
    max: 2 ** 31 - 1,
    unit: 'transactions',
    default: 100_000,
    meaning:
      'Transactions between two snapshots; more while the state is large. Small: more disk work. Large: more log to replay at a restart.',
  },
  'jute.maxbuffer': {
    kind: 'number',
    min: 1024,
    max: 16 * 1024 * 1024,
    unit: 'bytes',
    default: 0xfffff,
    hexadecimal: true,
    meaning: 'The largest request, and so the largest znode.',
  },
  '4lw.commands.whitelist': {
    kind: 'text',
    default: 'ruok, isro, srvr, stat, conf, cons, dirs, envi, mntr, wchs, hash, gtmk',
    meaning: 'The four-letter words that are answered, with commas between them; * for all. srvr always is.',
  },
  extendedTypesEnabled: {
    kind: 'switch',
    default: false,
    meaning: 'Whether nodes with a time to live (TTL) may be made. The same on every server.',
  },
  'znode.container.checkIntervalMs': {
    kind: 'number',
    min: 10,
    max: msMax,
    unit: 'ms',
    default: 60_000,
    meaning:
      'How often the leader looks for containers and nodes with a time to live (TTL) that have had their time.',
  },
  'znode.container.maxPerMinute': {
    kind: 'number',
    min: 1,
    max: 1_000_000,
    unit: 'nodes',
    default: 10_000,
    meaning: 'The most of those nodes that are removed in a minute, spread over it.',
  },
  'znode.container.maxNeverUsedIntervalMs': {
    kind: 'number',
    min: 0,
    max: msMax,
    unit: 'ms',
    default: 300_000,
    meaning: 'How long a container that never had a child is left; 0 for as long as nobody deletes it.',
  },
  'DigestAuthenticationProvider.superDigest': {
    kind: 'text',
    default: 'none',
    meaning:
      'Credentials that make a client the super user, whom no access control list restricts: "user:" and the base64 hash of "user:password".',
  },
  'DigestAuthenticationProvider.digestAlg': choice({
    choices: ['SHA1', 'SHA-224', 'SHA-256', 'SHA-384', 'SHA-512', 'SHA3-256', 'SHA3-384', 'SHA3-512', 'MD5'],
    default: 'SHA1',
    meaning:
      'The hash function of the digest scheme. Another one makes identities others: the same on all servers.',
  }),
  skipACL: {
    kind: 'switch',
    default: false,
    meaning: 'yes: access control lists are kept and not looked at, everybody may do everything.',
  },
  enforceQuota: {
    kind: 'switch',
    default: false,
    meaning:
      'yes: what would pass a hard limit of a quota is refused. Soft limits, and hard ones without this, are only logged.',
  },
  'enforce.auth.enabled': {
    kind: 'switch',
    default: false,
    meaning:
      'yes: clients that have not authenticated are turned away; enforce.auth.schemes says how they may.',
  },
  'enforce.auth.schemes': {
    kind: 'text',
    default: 'none',
    meaning:
      'One of these schemes has to be authenticated by, with commas between them: digest, ip, sasl, x509.',
  },
  sessionRequireClientSASLAuth: {
    kind: 'switch',
    default: false,
    meaning: 'yes: as enforce.auth for sasl alone. Turns every client away, as SASL is not in this version.',
  },
  peerType: choice({
    choices: ['participant'],
    default: 'participant',
    refused: { observer: 'observers are not in this version' },
    meaning: 'The role of this server.',
  }),
  heartbeat: {
    kind: 'number',
    min: 5,
    max: 60_000,
    unit: 'ms',
    default: 100,
    meaning: 'How often servers tell each other that they live.',
  },
  peerTimeout: {
    kind: 'number',
    min: 20,
    max: 600_000,
    unit: 'ms',
    default: 1000,
    meaning:
      'Silence of a server that counts as its failure. Small: needless elections on a busy machine. Large: a later election when a machine vanishes (a dead process is noticed at once).',
  },
  leaderPreemption: {
    kind: 'switch',
    default: true,
    meaning:
      'Whether a server with a higher id takes the lead over, in an orderly way, when it is back in step.',
  },
  replication: choice({
    choices: ['passive'],
    default: 'passive',
    refused: { active: 'active replication is not in this version' },
    meaning: 'passive: the leader executes and broadcasts transactions.',
  }),
  resync: choice({
    choices: ['auto', 'full'],
    default: 'auto',
    meaning:
      "auto: a follower is sent what it lacks. full: it always wipes its state and replays the leader's.",
  }),
} as const satisfies Readonly<Record<string, Setting>>

export type SettingName = keyof typeof settings
