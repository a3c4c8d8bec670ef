const full = process.env['DEPTH'] === 'full'

/**
 * How many seeds, cases or states a heavy test takes: in `npm test` enough of them that it shows what it is named for, with
 * `DEPTH=full` as many as find what is rare.
 */
export function atDepth(part: number, all: number): number {
  return full ? all : part
}
