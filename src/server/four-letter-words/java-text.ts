/** As Java prints a double: at least one decimal; here at most four. */
export function javaDouble(value: number): string {
  const rounded = Math.round(value * 10_000) / 10_000
  return Number.isInteger(rounded) ? `${rounded}.0` : String(rounded)
}

/** As Java prints a date, in UTC: `Sat Nov 21 10:19:09 UTC 2026`. */
export function javaDate(wallMs: number): string {
  const [weekday = '', day = '', month = '', year = '', time = ''] = new Date(wallMs)
    .toUTCString()
    .replace(',', '')
    .split(' ')
  return `${weekday} ${month} ${day} ${time} UTC ${year}`
}
