/**
 * Where a value stands in the configuration: keys and list positions from the top.
 */
export type KeyPath = readonly (string | number)[]

/** `authentication.users[0].userName`. */
export function formatPath(path: KeyPath): string {
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('')
}

/** `authentication.users[].userName`: the name all entries of a list share. */
export function keyName(path: KeyPath): string {
  return formatPath(path).replace(/\[\d+\]/g, '[]')
}

/** The value at `path`; what stands in the way if it is no mapping or list. */
export function valueAt(value: unknown, path: KeyPath): unknown {
  let current = value
  for (const step of path) {
    if (typeof current !== 'object' || current === null) return current
    current = Reflect.get(current, step)
  }
  return current
}
