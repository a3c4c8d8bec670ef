/**
 * What a node's life hangs on, in one number, so that ordinary nodes pay nothing for the other kinds: 0 for none, above 0
 * the session that it ends with, -1 for a container, below that a time to live of `-1 - owner` ms.
 */
export type Owner = number

export const noOwner: Owner = 0
/** Removed some time after its last child went. */
export const containerOwner: Owner = -1

/** As much as ZooKeeper has bits for: nearly 35 years. */
export const ttlMsMax = 2 ** 40 - 1

/** Removed when it is childless and its data has not been set for so long. */
export const ttlOwner = (ttlMs: number): Owner => containerOwner - ttlMs

/** The session that the node ends with; 0 for none. What clients see as `ephemeralOwner`. */
export const sessionOf = (owner: Owner): number => (owner > 0 ? owner : 0)

/** Whether the leader is to remove the node when its time has come. */
export const isReaped = (owner: Owner): boolean => owner < 0

/** The time to live; 0 for a container. Only of nodes that are reaped. */
export const ttlMsOf = (owner: Owner): number => containerOwner - owner
