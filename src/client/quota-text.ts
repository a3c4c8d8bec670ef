/** The limits that a quota may have. A soft one is logged when it is exceeded, a hard one is kept to. */
export const quotaLimits = ['count', 'bytes', 'countHard', 'bytesHard'] as const
export type QuotaLimit = (typeof quotaLimits)[number]

/** What each is called in the nodes that hold quotas, in the order in which ZooKeeper writes them. */
const textNames: readonly (readonly [QuotaLimit, string])[] = [
  ['count', 'count'],
  ['bytes', 'bytes'],
  ['bytesHard', 'byteHardLimit'],
  ['countHard', 'countHardLimit'],
]

/** All four, null where there is no limit. */
export type QuotaValues = Readonly<Record<QuotaLimit, number | null>>

export const noLimits: QuotaValues = { count: null, bytes: null, countHard: null, bytesHard: null }

/**
 * Reads the text of a `zookeeper_limits` or `zookeeper_stats` node, such as
 * `count=5,bytes=-1=;byteHardLimit=-1;countHardLimit=-1`. What it does not know is skipped, as ZooKeeper does.
 */
export function parseQuotaText(text: string): QuotaValues {
  const values: Record<QuotaLimit, number | null> = { ...noLimits }
  for (const part of text.split(/[,;]/)) {
    const [key, digits = ''] = part.split('=')
    const limit = textNames.find(([, name]) => name === key)?.[0]
    // -1 stands for none.
    if (limit !== undefined && /^\d+$/.test(digits)) values[limit] = Number(digits)
  }
  return values
}

/** Writes the text as ZooKeeper's own tool does. The "=" behind the bytes is for parsers that know no hard limits. */
export function formatQuotaText(values: QuotaValues): string {
  const [count, bytes, ...hard] = textNames.map(([limit, name]) => `${name}=${values[limit] ?? -1}`)
  return `${count},${bytes}=;${hard.join(';')}`
}
