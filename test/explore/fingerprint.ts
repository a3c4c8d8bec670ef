/**
 * 64 bits, as two numbers of 32, of any plain value: two lanes of the block mixing of MurmurHash3 (Austin Appleby, public
 * domain) with different constants. Maps and sets are taken without their order, and arrays with it.
 */
export class Fingerprint {
  a = 0
  b = 0
}

/** Tells where one ends that holds others, so that no two values come to the same words. */
const endOfObject = 0x6ed9eba1

const texts = new Map<string, number>()

/** What was made once and is never changed again is hashed once. */
const known = new WeakMap<object, Fingerprint>()

export function begin(print: Fingerprint, seed: number): void {
  print.a = seed ^ 0x9747b28c
  print.b = seed ^ 0x3c6ef372
}

/** A whole number within 53 bits, or infinity. */
export function addNumber(print: Fingerprint, value: number): void {
  addBits(print, value | 0)
  if (value === (value | 0)) return
  if (!Number.isSafeInteger(value) && value !== Number.POSITIVE_INFINITY) {
    throw new Error(`${value}: expected a whole number`)
  }
  addBits(print, value === Number.POSITIVE_INFINITY ? 0x7fffffff : Math.floor(value / 2 ** 32) | 0)
}

function addBits(print: Fingerprint, bits: number): void {
  let x = Math.imul(bits, 0xcc9e2d51)
  x = (x << 15) | (x >>> 17)
  let a = print.a ^ Math.imul(x, 0x1b873593)
  a = (a << 13) | (a >>> 19)
  print.a = (Math.imul(a, 5) + 0xe6546b64) | 0
  let y = Math.imul(bits ^ 0x5bd1e995, 0x85ebca6b)
  y = (y << 17) | (y >>> 15)
  let b = print.b ^ Math.imul(y, 0xc2b2ae35)
  b = (b << 11) | (b >>> 21)
  print.b = (Math.imul(b, 9) + 0x38b34ae5) | 0
}

/** Every bit of what was added reaches every bit of the result. */
export function finish(print: Fingerprint): void {
  print.a = avalanche(print.a ^ print.b)
  print.b = avalanche(print.b + Math.imul(print.a, 0x9e3779b1))
}

function avalanche(hash: number): number {
  let h = hash
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) | 0
}

/** Adds a value that is never changed again. */
export function addConstant(print: Fingerprint, value: object): void {
  let own = known.get(value)
  if (own === undefined) {
    own = new Fingerprint()
    begin(own, 1)
    addValue(own, value)
    finish(own)
    known.set(value, own)
  }
  addBits(print, own.a)
  addBits(print, own.b)
}

export function addValue(print: Fingerprint, value: unknown): void {
  switch (typeof value) {
    case 'number':
      return addNumber(print, value)
    case 'string':
      addBits(print, 0x1f83d9ab)
      return addBits(print, textNumber(value))
    case 'boolean':
      return addBits(print, value ? 0x51ed270b : 0x2545f491)
    case 'undefined':
      return addBits(print, 0x6a09e667)
    case 'object':
      return addObject(print, value)
    default:
      throw new Error(`${typeof value} is no plain value`)
  }
}

function textNumber(text: string): number {
  let number = texts.get(text)
  if (number === undefined) {
    number = texts.size + 0x10000
    texts.set(text, number)
  }
  return number
}

function addObject(print: Fingerprint, value: object | null): void {
  if (value === null) addBits(print, 0x3707eb1b)
  else if (Array.isArray(value)) {
    addBits(print, 0x5be0cd19)
    addBits(print, value.length)
    for (const one of value) addValue(print, one)
  } else if (value instanceof Map || value instanceof Set) addUnordered(print, value)
  else if (Buffer.isBuffer(value)) addBits(print, textNumber(value.toString('latin1')))
  else {
    for (const key in value) {
      addBits(print, textNumber(key))
      addValue(print, value[key as keyof typeof value])
    }
    addBits(print, endOfObject)
  }
}

function addUnordered(print: Fingerprint, values: Map<unknown, unknown> | Set<unknown>): void {
  const sum = { a: 0, b: 0 }
  const own = new Fingerprint()
  for (const one of values) {
    begin(own, 2)
    addValue(own, one)
    finish(own)
    sum.a = (sum.a + own.a) | 0
    sum.b = (sum.b + own.b) | 0
  }
  addBits(print, values.size)
  addBits(print, sum.a)
  addBits(print, sum.b)
}
