import { standardSchemes } from '../schemes.ts'

/** What the configuration says about requests. Only the leader's counts: what it decides is in the transactions. */
export interface ExecuteSettings {
  /** Whether nodes with a time to live may be made. */
  readonly extendedTypesEnabled: boolean
  /** Whether hard limits of quotas are kept; else they are only spoken of. */
  readonly enforceQuota: boolean
  readonly access: {
    /** The schemes, besides world and auth, that access control entries may name. */
    readonly aclSchemes: ReadonlySet<string>
  }
}

/** As ZooKeeper's. */
export const usualExecuteSettings: ExecuteSettings = {
  extendedTypesEnabled: false,
  enforceQuota: false,
  access: { aclSchemes: standardSchemes },
}
