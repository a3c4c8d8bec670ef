import { memory, restart } from './big-tree.ts'
import { children } from './children.ts'
import { failover } from './failover.ts'
import { load } from './load.ts'
import { payload, servers, treeSize } from './scaling.ts'
import type { Scenario } from './scenario.ts'
import { stalls } from './stalls.ts'
import { startUp } from './start-up.ts'
import { watches } from './watches.ts'

/** In the order in which they run. */
export const scenarios: readonly Scenario[] = [
  load,
  failover,
  startUp,
  memory,
  restart,
  stalls,
  payload,
  servers,
  watches,
  children,
  treeSize,
]
