/** Which figures are above their limits, in words. */
export function exceeded<T extends { readonly [K in keyof T]: number }>(
  operation: string,
  found: T,
  limits: T,
): string[] {
  const names = Object.keys(limits) as (keyof T & string)[]
  return names
    .filter((name) => found[name] > limits[name])
    .map(
      (name) => `${operation}: ${name} ${round(found[name])}, allowed ${limits[name]} (test/guard/limits.ts)`,
    )
}

const round = (value: number): number => Math.round(value * 10) / 10
