import type { Operation, Work } from './simulated-work.ts'

/** What a thousand operations may cost an ensemble of three in the simulated run: what they do cost, and a tenth. */
export const workLimits: Readonly<Record<Operation, Work>> = {
  set: {
    serverDeliveries: 66,
    serverBytes: 561_000,
    clientDeliveries: 44,
    clientBytes: 243_000,
    diskWrites: 52,
    diskBytes: 1_700_000,
    syncs: 43,
  },
  create: {
    serverDeliveries: 59,
    serverBytes: 661_000,
    clientDeliveries: 44,
    clientBytes: 222_000,
    diskWrites: 53,
    diskBytes: 2_860_000,
    syncs: 31,
  },
  // Reads leave servers and disks in peace; the few deliveries are heartbeats.
  get: {
    serverDeliveries: 3,
    serverBytes: 100,
    clientDeliveries: 44,
    clientBytes: 240_000,
    diskWrites: 0,
    diskBytes: 0,
    syncs: 0,
  },
}

/** Bytes of heap that a lone server may allocate for one operation: about twice what it does. */
export const allocatedBytesLimits: Readonly<Record<Operation, number>> = {
  set: 2000,
  create: 3000,
  get: 400,
}
