/** How much of everything may happen. What is used up is part of a state. */
export interface Bounds {
  /** Attempts to lead, besides the one that the walk begins with. */
  stands: number
  proposals: number
  crashes: number
  /** Crashes that lose the disk. */
  wipes: number
  /** Links that break, or leaders that step down. */
  cuts: number
  /** Histories that are sent in full though a difference would do. */
  fulls: number
  syncs: number
}

export const boundNames = ['stands', 'proposals', 'crashes', 'wipes', 'cuts', 'fulls', 'syncs'] as const
