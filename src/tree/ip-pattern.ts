/** Addresses of an `ip` access control entry: a literal, or a literal and how many of its leading bits count. */
export interface IpPattern {
  readonly address: Uint8Array
  readonly bits: number
}

/** Null when it is not an IPv4 or IPv6 literal with an optional `/bits`. */
export function parseIpPattern(text: string): IpPattern | null {
  const at = text.indexOf('/')
  const address = parseIp(at < 0 ? text : text.substring(0, at))
  if (address === null) return null
  const bitsMax = address.length * 8
  if (at < 0) return { address, bits: bitsMax }
  const bits = wholeNumber(text.substring(at + 1), bitsMax)
  return bits === null ? null : { address, bits }
}

/** Families never match each other. */
export function matchesIp(pattern: IpPattern, text: string): boolean {
  const address = parseIp(text)
  if (address === null || address.length !== pattern.address.length) return false
  for (let bit = 0; bit < pattern.bits; bit += 8) {
    const mask = pattern.bits - bit >= 8 ? 0xff : (0xff00 >> (pattern.bits - bit)) & 0xff
    const difference = (address[bit >> 3] as number) ^ (pattern.address[bit >> 3] as number)
    if ((difference & mask) !== 0) return false
  }
  return true
}

/** 4 or 16 bytes; null when the text is neither an IPv4 nor an IPv6 literal. */
export function parseIp(text: string): Uint8Array | null {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}

/** In full, without `::`, as Java writes addresses: `10.0.0.1`, `0:0:0:0:0:0:0:1`. */
export function ipText(address: Uint8Array): string {
  if (address.length === 4) return address.join('.')
  const groups: string[] = []
  for (let at = 0; at < address.length; at += 2) {
    groups.push((((address[at] as number) << 8) | (address[at + 1] as number)).toString(16))
  }
  return groups.join(':')
}

/** As Java reads numbers: a sign and zeros may stand in front. Null when it is not one from 0 to `max`. */
function wholeNumber(text: string, max: number): number | null {
  if (!/^[+-]?\d{1,10}$/.test(text)) return null
  const value = Number(text)
  return value >= 0 && value <= max ? Math.abs(value) : null
}

function parseIpv4(text: string): Uint8Array | null {
  const parts = text.split('.')
  if (parts.length !== 4) return null
  const address = new Uint8Array(4)
  for (const [index, part] of parts.entries()) {
    const value = wholeNumber(part, 255)
    if (value === null) return null
    address[index] = value
  }
  return address
}

function parseIpv6(text: string): Uint8Array | null {
  const halves = text.split('::')
  if (halves.length > 2) return null
  const head = parseGroups(halves[0] ?? '')
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? '') : []
  if (head === null || tail === null) return null
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail]
  const address = new Uint8Array(16)
  for (const [index, group] of groups.entries()) {
    address[index * 2] = group >> 8
    address[index * 2 + 1] = group & 0xff
  }
  return address
}

/** The 16-bit groups between colons; the last two may be written as an IPv4 address. */
function parseGroups(text: string): number[] | null {
  if (text === '') return []
  const parts = text.split(':')
  const groups: number[] = []
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1 && part.includes('.')) {
      const v4 = parseIpv4(part)
      if (v4 === null) return null
      const [a = 0, b = 0, c = 0, d = 0] = v4
      groups.push((a << 8) | b, (c << 8) | d)
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return null
      groups.push(Number.parseInt(part, 16))
    }
  }
  return groups
}
