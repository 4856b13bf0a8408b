/**
 * What is wrong with a configuration, said so that it can be put right: where, what was found, what is expected, what to do.
 *
 * All faults are reported at once. A fault never repeats a secret.
 */
export interface ConfigFault {
  /** The file as the operator named it, or `the command line`. */
  file: string
  /** From 1; null where there is none: the file cannot be read, or it is the command line. */
  line: number | null
  column: number | null
  /** For example `authentication.users[0].userName` or `--limit`; empty for the whole file. */
  key: string
  found: string
  expected: string
  advice: string
}

/** Thrown with every fault there is; `message` is `formatFaults(faults)`. */
export class ConfigError extends Error {
  readonly faults: readonly ConfigFault[]

  constructor(faults: readonly ConfigFault[]) {
    const shown = faults.map(shortened)
    super(formatFaults(shown))
    this.name = 'ConfigError'
    this.faults = shown
  }
}

/** What is no configuration at all may be one line of many megabytes, and faults repeat what they have found. */
const textMax = 500

function shortened(fault: ConfigFault): ConfigFault {
  const { key, found, expected, advice } = fault
  return { ...fault, key: cut(key), found: cut(found), expected: cut(expected), advice: cut(advice) }
}

function cut(text: string): string {
  return text.length > textMax ? `${text.slice(0, textMax)}…` : text
}

/** The faults as text for a terminal: one paragraph each, in the order given. */
export function formatFaults(faults: readonly ConfigFault[]): string {
  const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`
  const files = [...new Set(faults.map((fault) => fault.file))].join(' and ')
  return [`${count} in ${files}:`, ...faults.map(formatFault)].join('\n\n')
}

function formatFault(fault: ConfigFault): string {
  const place = fault.line === null ? fault.file : `${fault.file}:${fault.line}:${fault.column ?? 1}`
  return [
    fault.key === '' ? place : `${place}  ${fault.key}`,
    `  found     ${fault.found}`,
    `  expected  ${fault.expected}`,
    `  do        ${fault.advice}`,
  ].join('\n')
}
