/**
 * Why a question to the broker has no answer, said so that it can be put right.
 */
export class AskFault extends Error {
  /** The broker has answered, but not with what it was asked for. */
  readonly isRefusal: boolean

  constructor(message: string, cause?: unknown, isRefusal = false) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'AskFault'
    this.isRefusal = isRefusal
  }
}

/** The broker's own words for what is wrong with a request. */
export function requestFault(error: unknown): AskFault {
  const part = (name: string): string => {
    const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined
    return typeof value === 'string' ? value : ''
  }
  return new AskFault(
    `The broker refuses this.\n` +
      `  found     ${part('found')}\n  expected  ${part('expected')}\n  do        ${part('advice')}`,
    undefined,
    true,
  )
}
