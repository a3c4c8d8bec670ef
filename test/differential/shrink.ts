import type { Field, Program, Request, Step } from './program.ts'

/**
 * A smaller program that still fails: leaves out steps, by halves at first, then requests of batches and operations of multis.
 *
 * @param fails runs a program and tells whether it still shows the difference
 * @param attemptsMax a bound on the runs; what has been reached by then is the result
 */
export async function shrink(
  program: Program,
  fails: (candidate: Program) => Promise<boolean>,
  attemptsMax: number,
): Promise<Program> {
  let left = attemptsMax
  const stillFails = async (steps: readonly Step[]): Promise<boolean> => {
    if (left <= 0) return false
    left--
    return fails({ steps })
  }
  let steps = await without(program.steps, stillFails)
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i]
    if (step?.kind !== 'send') continue
    const withStep = (requests: readonly Request[]): Step[] => steps.with(i, { ...step, requests })
    let requests = await without(step.requests, (fewer) => stillFails(withStep(fewer)))
    for (const [j, request] of requests.entries()) {
      const smaller = await smallerRequest(request, (other) => stillFails(withStep(requests.with(j, other))))
      requests = requests.with(j, smaller)
    }
    steps = withStep(requests)
  }
  return { steps: await without(steps, stillFails) }
}

/** Leaves out of a list what is not needed, ever smaller runs of it. */
async function without<T>(
  whole: readonly T[],
  stillFails: (fewer: readonly T[]) => Promise<boolean>,
): Promise<T[]> {
  let kept = [...whole]
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = kept.length - size; start > -size; start -= size) {
      const from = Math.max(start, 0)
      const fewer = kept.toSpliced(from, Math.min(size, size + start))
      if (fewer.length > 0 && fewer.length < kept.length && (await stillFails(fewer))) kept = fewer
    }
  }
  return kept
}

async function smallerRequest(
  request: Request,
  stillFails: (other: Request) => Promise<boolean>,
): Promise<Request> {
  let smaller = request
  for (const [i, field] of request.fields.entries()) {
    const withField = (other: Field): Request => ({ ...smaller, fields: smaller.fields.with(i, other) })
    if ('ops' in field) {
      const ops = await without(field.ops, (fewer) => stillFails(withField({ ...field, ops: fewer })))
      smaller = withField({ ...field, ops })
    } else {
      const plain = plainer(field)
      if (plain !== null && (await stillFails(withField(plain)))) smaller = withField(plain)
    }
  }
  return smaller
}

/** The same field with what is most usual in it; null when it is that already. */
function plainer(field: Field): Field | null {
  if ('acl' in field) {
    const open = [{ perms: 31, scheme: 'world', id: 'anyone' }]
    return JSON.stringify(field.acl) === JSON.stringify(open) ? null : { acl: open }
  }
  if ('bytes' in field) return field.bytes === '' ? null : { bytes: '' }
  if ('bool' in field) return field.bool === 0 ? null : { bool: 0 }
  return null
}
