/** One event as pino writes it: a line of JSON. */
interface LogEvent {
  readonly [field: string]: unknown
}

const levels: Readonly<Record<number, { name: string; colour: number }>> = {
  20: { name: 'DEBUG', colour: 90 },
  30: { name: 'INFO ', colour: 32 },
  40: { name: 'WARN ', colour: 33 },
  50: { name: 'ERROR', colour: 31 },
}

const ownFields = new Set(['level', 'time', 'part', 'msg'])

/**
 * A line of JSON from pino as a line for people: time, level, who speaks, what, then the fields.
 *
 * Made here because loading pino-pretty takes 31 ms, as much as everything else that a server loads to write its log; and
 * fifty lines do what we need of it.
 */
export function humanLine(json: string, colour: boolean): string {
  const event: LogEvent = JSON.parse(json)
  const level = levels[Number(event['level'])] ?? { name: 'LOG  ', colour: 37 }
  const paint = (code: number, text: string): string => (colour ? `\u001b[${code}m${text}\u001b[39m` : text)
  const time = new Date(Number(event['time']))
  const part = typeof event['part'] === 'string' ? `${paint(36, event['part'])}: ` : ''
  let line = `${paint(90, clockTime(time))} ${paint(level.colour, level.name)} ${part}${oneLine(String(event['msg'] ?? ''))}`
  for (const name of Object.keys(event)) {
    if (!ownFields.has(name)) line += ` ${paint(90, `${name}=`)}${fieldText(event[name])}`
  }
  return `${line}\n`
}

function clockTime(time: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  const ms = String(time.getMilliseconds()).padStart(3, '0')
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${ms}`
}

/** Messages may carry text from outside: a line break in it must not look like another event. */
function oneLine(text: string): string {
  return text.replaceAll('\r', '\\r').replaceAll('\n', '\\n')
}

/** Bare when that can be read back unmistakably. */
function fieldText(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=\p{Cc}]+$/u.test(value) ? value : JSON.stringify(value)
}
