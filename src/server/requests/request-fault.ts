/**
 * Why a request cannot be answered, in the parts of a fault: what was found, what is expected, what to do.
 */
import { nearestName } from '../config/nearest-name.ts'

export class RequestFault extends Error {
  readonly found: string
  readonly expected: string
  readonly advice: string

  constructor(found: string, expected: string, advice: string) {
    super(`found ${found}; expected ${expected}`)
    this.name = 'RequestFault'
    this.found = found
    this.expected = expected
    this.advice = advice
  }
}

/** What was named is not there. */
export class NotThere extends RequestFault {}

/** More than one thing is meant by what was named. */
export class NotClear extends RequestFault {}

/** What there is stands in the way of what was asked for. */
export class InTheWay extends RequestFault {}

/** It cannot be done at the moment, and nobody who asks can help it. */
export class NotNow extends RequestFault {}

/** One field of it is wrong. */
export class FieldFault extends RequestFault {
  readonly field: string

  constructor(field: string, found: string, expected: string, advice: string) {
    super(found, expected, advice)
    this.field = field
    this.message = `${field}: ${this.message}`
  }
}

/** A name that is none of those there are. */
export function unknownName(kind: string, written: string, names: readonly string[]): RequestFault {
  const near = nearestName(written.slice(0, 100), names)
  const advice = near === null ? `use one of these names` : `did you mean ${near}?`
  return new RequestFault(quoted(written), `${kind}: ${names.join(', ')}`, advice)
}

export function missingPermission(action: 'observe' | 'admin', topic: string): RequestFault {
  return new RequestFault(
    `no permission to ${action}`,
    `the permission "${action}" for ${quoted(topic)}`,
    'log in with an account that has it, or have it given to this one',
  )
}

/** A text as it may stand in a message: not too long, and in quotation marks. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)
}
