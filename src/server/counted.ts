/**
 * Numbers of things, as the operator reads them.
 */
export function count(value: number): string {
  return value.toLocaleString('en-US')
}

/** `1 message`, `2 messages`. */
export function counted(value: number, thing: string): string {
  return `${count(value)} ${thing}${value === 1 ? '' : 's'}`
}
