/**
 * What the broker answered instead of what was asked for: a problem of RFC 9457.
 */
import type { Fault, Problem } from '../admin/api-types.ts'

/** What every method of a PabalClient throws when the broker refuses: a problem of RFC 9457, with its status. */
export class ApiError extends Error {
  readonly status: number
  /** Null if the answer was none of the broker's, but of a proxy for example. */
  readonly problem: Problem | null
  /** What the broker asks to wait before another attempt; null if it does not say. */
  readonly retryAfterSeconds: number | null

  constructor(status: number, problem: Problem | null, retryAfterSeconds: number | null, what: string) {
    super(problem === null ? `HTTP ${status} for ${what}, not from the broker` : problem.detail)
    this.name = 'ApiError'
    this.status = status
    this.problem = problem
    this.retryAfterSeconds = retryAfterSeconds
  }

  /** For programs: `not-found`, `forbidden` … Empty if it is not the broker's. */
  get code(): string {
    return this.problem?.type.replace(/^about:pabal\//, '') ?? ''
  }

  /** Everything that is wrong, each with its place. */
  get faults(): readonly Fault[] {
    return this.problem?.faults ?? []
  }
}

/** Takes the body of an answer that is none. */
export async function errorOf(response: Response, what: string): Promise<ApiError> {
  const text = await response.text()
  const isProblem = typeOf(response) === 'application/problem+json'
  // What has this type comes from the broker: its schema stands behind the type.
  const problem = isProblem ? (JSON.parse(text) as Problem) : null
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  return new ApiError(response.status, problem, Number.isFinite(seconds) ? seconds : null, what)
}

export function typeOf({ headers }: Response): string {
  return (headers.get('content-type') ?? '').split(';')[0]?.trim() ?? ''
}
