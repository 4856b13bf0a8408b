/**
 * Where a value of the configuration comes from, and so where its fault is.
 */
export type Origin =
  | { readonly type: 'default' }
  | { readonly type: 'file'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly type: 'environment'; readonly variable: string }
  | { readonly type: 'flag'; readonly flag: string }

/** The beginning of a fault of a value from there; `key` is its name in the configuration. */
export function placeOfFault(
  origin: Origin,
  key: string,
): { file: string; line: number | null; column: number | null; key: string } {
  switch (origin.type) {
    case 'file': {
      const { file, line, column } = origin
      return { file, line, column, key }
    }
    case 'environment':
      return { file: 'the environment', line: null, column: null, key: origin.variable }
    case 'flag':
      return { file: 'the command line', line: null, column: null, key: origin.flag }
    case 'default':
      return { file: 'the defaults', line: null, column: null, key }
  }
}

/** `pabal.yaml:5:3`, `PABAL_DATA`, `--data`, `default`. */
export function formatOrigin(origin: Origin): string {
  switch (origin.type) {
    case 'file':
      return `${origin.file}:${origin.line}:${origin.column}`
    case 'environment':
      return origin.variable
    case 'flag':
      return origin.flag
    case 'default':
      return 'default'
  }
}
