/**
 * What goes wrong, in the form of RFC 9457: where, what was found, what is expected, what to do.
 */
import type { Fault, Problem } from './api-types.ts'

/** Each is told apart by programs by its word; `type` of a problem is the word behind `about:pabal/`. */
const titles = {
  'bad-request': [400, 'The request cannot be used'],
  unauthenticated: [401, 'Log in first'],
  forbidden: [403, 'This is not allowed'],
  'not-found': [404, 'There is no such thing'],
  'method-not-allowed': [405, 'This cannot be done here'],
  'too-slow': [408, 'The request took too long to arrive'],
  conflict: [409, 'It cannot be done as things are'],
  'too-large': [413, 'The request is too large'],
  'wrong-type': [415, 'The body is not of the right type'],
  misdirected: [421, 'This is not the host that was asked for'],
  'key-used': [422, 'This key has been used for something else'],
  'too-many': [429, 'Too many requests'],
  'broker-fault': [500, 'The broker has made a mistake'],
  unavailable: [503, 'The broker cannot do this at the moment'],
} as const

export type ProblemType = keyof typeof titles

export class HttpProblem extends Error {
  readonly status: number
  readonly problem: Problem
  readonly headers: Readonly<Record<string, string>>

  /** At least one fault. */
  constructor(type: ProblemType, faults: readonly Fault[], headers: Readonly<Record<string, string>> = {}) {
    const [status, title] = titles[type]
    const [{ place, found, expected, advice } = nothingKnown] = faults
    super(`${place}: found ${found}; expected ${expected}`)
    this.name = 'HttpProblem'
    this.status = status
    this.headers = headers
    const detail = `${place}: found ${found}; expected ${expected}; ${advice}.`
    this.problem = {
      type: `about:pabal/${type}`,
      title,
      status,
      detail,
      found,
      expected,
      advice,
      faults: [...faults],
    }
  }
}

const nothingKnown: Fault = { place: 'the request', found: 'a fault', expected: 'none', advice: 'look at the log' }

/** A problem with one fault. */
export function problem(
  type: ProblemType,
  place: string,
  found: string,
  expected: string,
  advice: string,
  headers: Readonly<Record<string, string>> = {},
): HttpProblem {
  return new HttpProblem(type, [{ place, found, expected, advice }], headers)
}
