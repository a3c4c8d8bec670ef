/** Where something stands: `line` counts from 1; null where it is about the file as a whole. */
export interface Place {
  readonly file: string
  readonly line: number | null
}

export interface ConfigProblem extends Place {
  readonly found: string
  readonly expected: string
}

/** A configuration that cannot be used, with everything that is wrong with it. */
export class ConfigError extends Error {
  override name = 'ConfigError'
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map((problem) => `${placeText(problem)}: ${sentence(problem)}`).join('\n'))
    this.problems = problems
  }
}

function sentence({ found, expected }: ConfigProblem): string {
  return `found ${found}; expected ${expected}`
}

function placeText({ file, line }: Place): string {
  return line === null ? file : `${file}:${line}`
}

/** Gathers what is wrong, so that a person mends a file in one go rather than one error at a time. */
export class Findings {
  readonly problems: ConfigProblem[] = []
  readonly warnings: string[] = []

  problem(place: Place, found: string, expected: string): void {
    this.problems.push({ file: place.file, line: place.line, found, expected })
  }

  warn(place: Place, message: string): void {
    this.warnings.push(`${placeText(place)}: ${message}`)
  }

  /** Throws ConfigError when there is any problem, in the order of the lines. */
  throwIfAny(): void {
    if (this.problems.length === 0) return
    throw new ConfigError([...this.problems].sort((a, b) => (a.line ?? Infinity) - (b.line ?? Infinity)))
  }
}
