/**
 * Values of directives, as mosquitto reads them.
 */
export type DirectiveValue = string | number | boolean

/** What a value may be; `text` is anything but nothing. */
export type ValueShape =
  | { readonly type: 'flag' }
  | { readonly type: 'number'; readonly lowest: number; readonly highest: number }
  | { readonly type: 'choice'; readonly choices: readonly string[] }
  | { readonly type: 'duration' }
  | { readonly type: 'text' }

export const flag: ValueShape = { type: 'flag' }
export const text: ValueShape = { type: 'text' }
export const duration: ValueShape = { type: 'duration' }
export const number = (lowest = 0, highest = 2_147_483_647): ValueShape => ({ type: 'number', lowest, highest })
export const choice = (...choices: string[]): ValueShape => ({ type: 'choice', choices })

const secondsOf: Readonly<Record<string, number>> = { h: 3600, d: 86_400, w: 604_800, m: 2_592_000, y: 31_536_000 }

/** The value, or null if it is none. */
export function readValue(shape: ValueShape, written: string): DirectiveValue | null {
  if (written === '') return null
  switch (shape.type) {
    case 'flag':
      if (written === 'true' || written === '1') return true
      return written === 'false' || written === '0' ? false : null
    case 'number': {
      // Behind a number mosquitto reads nothing.
      const [word = ''] = written.split(' ')
      const value = Number(word)
      return /^[+-]?\d+$/.test(word) && value >= shape.lowest && value <= shape.highest ? value : null
    }
    case 'choice':
      return shape.choices.includes(written) ? written : null
    case 'duration': {
      const [, count = '', unit = ''] = /^(\d+)([hdwmy])$/.exec(written) ?? []
      return Number(count) > 0 ? Number(count) * (secondsOf[unit] ?? 0) : null
    }
    case 'text':
      return written
  }
}

export function describeShape(shape: ValueShape): string {
  switch (shape.type) {
    case 'flag':
      return 'true or false'
    case 'number':
      return `a whole number from ${shape.lowest} to ${shape.highest}`
    case 'choice':
      return `one of ${shape.choices.join(', ')}`
    case 'duration':
      return 'a number and h, d, w, m or y, for example 14d'
    case 'text':
      return 'a value'
  }
}
