/** What a process can tell of itself and its machine, for people and monitors to read; and the memory it runs in. */
export interface Environment {
  /** In the order in which they are to be shown. */
  properties(): readonly (readonly [key: string, value: string])[]
  /** Files and sockets that are open, and that may be; null where the system does not say. */
  fileDescriptors(): { readonly open: number; readonly max: number } | null
  /** Does work that fills the memory with what stays there: to look for garbage meanwhile, as often as memory grows, is vain. */
  whileFilling(work: () => Promise<void>): Promise<void>
}

/** Of a server that is no process of its own. */
export const noEnvironment: Environment = {
  properties: () => [],
  fileDescriptors: () => null,
  whileFilling: (work) => work(),
}
