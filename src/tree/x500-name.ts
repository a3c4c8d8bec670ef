/** The attribute types that Java's X500Principal knows by a name; any other is written as numbers with dots. */
const keywords = new Set(
  (
    'CN C L S ST O OU T IP STREET DC DNQUALIFIER DNQ SURNAME GIVENNAME INITIALS GENERATION EMAIL EMAILADDRESS UID ' +
    'SERIALNUMBER'
  ).split(' '),
)

const escapable = ' ,+="<>#;\\'

/** Far above any certificate's. Over many millions of characters the expressions below run out of stack. */
const charactersMax = 1_048_576

/**
 * Whether a text is an X.500 distinguished name, as certificates have them: `CN=app, O="Example, Inc.", C=DE`. Parts
 * are separated by `,` or `;`, several attributes of one part by `+`. An empty name has no parts.
 */
export function isX500Name(text: string): boolean {
  if (text === '') return true
  if (text.length > charactersMax) return false
  const parts = splitOutsideQuotes(text)
  return parts?.every(isAttribute) ?? false
}

/** At `,`, `;` and `+` that are neither quoted nor escaped; null when a quote or an escape is left open. */
function splitOutsideQuotes(text: string): string[] | null {
  const parts: string[] = []
  let start = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '\\') {
      if (++at === text.length) return null
    } else if (character === '"') {
      quoted = !quoted
    } else if (!quoted && (character === ',' || character === ';' || character === '+')) {
      parts.push(text.substring(start, at))
      start = at + 1
    }
  }
  if (quoted) return null
  parts.push(text.substring(start))
  return parts
}

function isAttribute(text: string): boolean {
  const equals = text.indexOf('=')
  if (equals < 0) return false
  return (
    isAttributeType(text.substring(0, equals).trim()) &&
    isAttributeValue(withoutPadding(text.substring(equals + 1)))
  )
}

/** A space that is escaped belongs to the value. In one pass: values come from clients, and may be a megabyte of spaces. */
function withoutPadding(value: string): string {
  const start = value.trimStart()
  const trimmed = start.trimEnd()
  return trimmed.endsWith('\\') ? start.substring(0, trimmed.length + 1) : trimmed
}

function isAttributeType(type: string): boolean {
  return (
    keywords.has(type.toUpperCase()) || /^(OID\.)?(0*[01]\.([0-9]|[1-3]\d)|0*2\.\d+)(\.\d+)*$/i.test(type)
  )
}

function isAttributeValue(value: string): boolean {
  if (value.startsWith('#')) return /^#([0-9a-f]{2})+$/i.test(value)
  if (value.startsWith('"')) {
    return value.length >= 2 && value.endsWith('"') && isEscaped(value.slice(1, -1), '"')
  }
  return isEscaped(value, ',+<>;"')
}

/** Whether every character of `forbidden`, and every backslash, is part of an escape. */
function isEscaped(text: string, forbidden: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string
    if (character === '\\') {
      const next = text[at + 1] ?? ''
      if (next !== '' && escapable.includes(next)) at += 1
      else if (/^[0-9a-f]{2}/i.test(text.substring(at + 1, at + 3))) at += 2
      else return false
    } else if (forbidden.includes(character)) {
      return false
    }
  }
  return true
}
