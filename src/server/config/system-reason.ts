/** Why the operating system refused, in its own words without code and path. */
export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.message.replace(/^[A-Z]+: /, '').replace(/, .*$/s, '')
}
