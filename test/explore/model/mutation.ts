/** What the model of the world can do wrong, to show that the checks see it. */
export const mutations = {
  'ack before durable': 'a proposal is acknowledged before it is on the disk',
  'promise is not durable': 'a promise is answered and never written down',
  'stale history wins': 'discovery takes all histories for empty, so the candidate keeps its own',
  'fresh counts': 'a server whose disk was lost is counted in discovery',
  'no amnesia rule': 'a server whose disk was lost follows anybody, without asking what was promised',
  'promises are not confirmed': 'a promise counts though its server may have lost its disk since',
  'fresh found beside provisional': 'a server that took part in a founding takes itself for new',
  'same epoch counts twice': 'an epoch promised to one server is promised to another as well',
  'commit by one': 'what the leader alone holds is taken for committed',
} as const

export type Mutation = keyof typeof mutations
export const mutationNames = Object.keys(mutations) as Mutation[]
