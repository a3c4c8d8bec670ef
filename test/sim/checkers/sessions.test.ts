import { expect, it } from 'vitest'
import { checkSessions, type SessionLife, type SessionsLeft } from '../../../src/sim/checkers/sessions.ts'

const life = (client: number, changes: Partial<SessionLife> = {}): SessionLife => ({
  client,
  sessionId: 100 + client,
  ephemeral: `/e${client}`,
  lasting: `/l${client}`,
  missedOwnEphemeral: false,
  ...changes,
})
const left: SessionsLeft = { ephemerals: new Map(), lasting: new Set(['/l1', '/l2']) }
const rulesOf = (lives: SessionLife[], after: Partial<SessionsLeft> = {}): string[] =>
  checkSessions(lives, { ...left, ...after }).map(({ rule }) => rule)

it('sessions: two lived, and left what lasts -> accepted', () => {
  expect(rulesOf([life(1), life(2), life(3, { lasting: null })])).toEqual([])
})

const bad: [string, string, SessionLife[], Partial<SessionsLeft>][] = [
  ['one id for two clients', 'one client a session', [life(1), life(2, { sessionId: 101 })], {}],
  [
    'an ephemeral gone too early',
    'ephemeral while its session lives',
    [life(1, { missedOwnEphemeral: true })],
    {},
  ],
  [
    'an ephemeral that stays',
    'ephemeral gone with its session',
    [life(1)],
    { ephemerals: new Map([['/e1', 101]]) },
  ],
  ['an acknowledged node gone', 'nothing lost', [life(1), life(3)], {}],
]
for (const [name, rule, lives, after] of bad) {
  it(`sessions: ${name} -> refused`, () => {
    expect(rulesOf(lives, after)).toEqual([rule])
  })
}
