/**
 * The log that `pabal start` writes on standard error.
 */
export interface LogLine {
  readonly level: string
  readonly time: string
  readonly event: string
  readonly msg: string
  readonly [field: string]: unknown
}

/** @throws an Error if a line is not JSON. */
export function logLines(text: string): LogLine[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}
