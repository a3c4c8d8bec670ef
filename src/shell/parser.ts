/** One word of a command line. */
export interface Word {
  /** With quotes and escapes resolved. */
  readonly text: string
  /** Where it stands in the line: from `start` up to, not including, `end`. */
  readonly start: number
  readonly end: number
}

/** A command line, taken apart. */
export interface ParsedLine {
  readonly words: readonly Word[]
  /** What is wrong with the line; null when nothing is. The words up to there are given nevertheless. */
  readonly fault: string | null
}

/**
 * Splits a line into words at spaces and tabs.
 *
 * - 'single quotes' keep everything as it is;
 * - "double quotes" and bare words know the escapes \n \r \t \0 \\ \" \' \uXXXX and "\ " for a space; a backslash before any
 *   other character stands for that character;
 * - a word that starts with # outside quotes begins a comment.
 */
export function parseLine(line: string): ParsedLine {
  const words: Word[] = []
  let at = 0
  while (true) {
    while (at < line.length && isBlank(line.charAt(at))) at++
    if (at >= line.length || line.charAt(at) === '#') return { words, fault: null }
    const start = at
    let text = ''
    while (at < line.length && !isBlank(line.charAt(at))) {
      const character = line.charAt(at)
      if (character === "'") {
        const close = line.indexOf("'", at + 1)
        if (close === -1) {
          words.push({ text: text + line.slice(at + 1), start, end: line.length })
          return { words, fault: unclosed("'", at) }
        }
        text += line.slice(at + 1, close)
        at = close + 1
      } else if (character === '"') {
        const open = at
        at++
        while (at < line.length && line.charAt(at) !== '"') {
          const piece = readCharacter(line, at)
          text += piece.text
          at = piece.end
        }
        if (at >= line.length) {
          words.push({ text, start, end: line.length })
          return { words, fault: unclosed('"', open) }
        }
        at++
      } else {
        const piece = readCharacter(line, at)
        text += piece.text
        at = piece.end
      }
    }
    words.push({ text, start, end: at })
  }
}

/** Writes a word so that `parseLine` reads it back, with as little quoting as possible. */
export function quoteWord(text: string): string {
  if (text === '') return "''"
  let quoted = ''
  for (const character of text) {
    const name = escapeNames.get(character)
    if (name !== undefined) quoted += `\\${name}`
    else if (isBlank(character) || '\'"\\#'.includes(character)) quoted += `\\${character}`
    else quoted += character
  }
  return quoted
}

const escapes = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['0', '\0'],
])

const escapeNames = new Map([...escapes].map(([name, character]) => [character, name]))

function readCharacter(line: string, at: number): { text: string; end: number } {
  if (line.charAt(at) !== '\\') return { text: line.charAt(at), end: at + 1 }
  if (at + 1 >= line.length) return { text: '\\', end: at + 1 }
  const name = line.charAt(at + 1)
  if (name === 'u') {
    const digits = line.slice(at + 2, at + 6)
    if (/^[0-9a-fA-F]{4}$/.test(digits)) {
      return { text: String.fromCharCode(Number.parseInt(digits, 16)), end: at + 6 }
    }
  }
  return { text: escapes.get(name) ?? name, end: at + 2 }
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\t'
}

function unclosed(quote: string, at: number): string {
  return `the ${quote} at column ${at + 1} is not closed: add a ${quote} at its end, or write \\${quote} for the character itself`
}
