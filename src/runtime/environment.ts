/** What a process can tell of itself and its machine, for people and monitors to read. */
export interface Environment {
  /** In the order in which they are to be shown. */
  properties(): readonly (readonly [key: string, value: string])[]
  /** Files and sockets that are open, and that may be; null where the system does not say. */
  fileDescriptors(): { readonly open: number; readonly max: number } | null
}

/** Of a server that is no process of its own. */
export const noEnvironment: Environment = {
  properties: () => [],
  fileDescriptors: () => null,
}
