/**
 * One thing that `pabal doctor` has looked at: what it found, what is expected, and how to put it right.
 */
export type Verdict = 'ok' | 'warning' | 'fault'

export interface Finding {
  /** What was looked at, for example `port 1883`. */
  readonly what: string
  readonly verdict: Verdict
  readonly found: string
  readonly expected: string
  /** A command or a change that puts it right; null where nothing is to be done. */
  readonly fix: string | null
}

export function ok(what: string, found: string, expected: string): Finding {
  return { what, verdict: 'ok', found, expected, fix: null }
}

export function warning(what: string, found: string, expected: string, fix: string): Finding {
  return { what, verdict: 'warning', found, expected, fix }
}

export function fault(what: string, found: string, expected: string, fix: string): Finding {
  return { what, verdict: 'fault', found, expected, fix }
}
