/** What a watch event reports. A server sends 1 to 4; the others exist only inside clients. */
export const EventType = {
  none: -1,
  nodeCreated: 1,
  nodeDeleted: 2,
  nodeDataChanged: 3,
  nodeChildrenChanged: 4,
  dataWatchRemoved: 5,
  childWatchRemoved: 6,
  persistentWatchRemoved: 7,
} as const

export type EventTypeName = keyof typeof EventType

/** The connection's state as watch events carry it. A server always sends `syncConnected`. */
export const KeeperState = {
  unknown: -1,
  disconnected: 0,
  noSyncConnected: 1,
  syncConnected: 3,
  authFailed: 4,
  connectedReadOnly: 5,
  saslAuthenticated: 6,
  closed: 7,
  expired: -112,
} as const

export type KeeperStateName = keyof typeof KeeperState

const eventNames = new Map<number, EventTypeName>(
  (Object.keys(EventType) as EventTypeName[]).map((name) => [EventType[name], name]),
)
const stateNames = new Map<number, KeeperStateName>(
  (Object.keys(KeeperState) as KeeperStateName[]).map((name) => [KeeperState[name], name]),
)

export function eventTypeName(type: number): string {
  return eventNames.get(type) ?? `event ${type}`
}

export function keeperStateName(state: number): string {
  return stateNames.get(state) ?? `state ${state}`
}
