/**
 * Whether a packet can carry the properties that a program made: MQTT 5.0 section 2.2.2.
 */
import { type Property, type PropertyHolder, propertyOf } from './properties.ts'
import { isEncodable } from './utf8.ts'

/** Says in a sentence why a packet cannot carry the properties that a program made; null if it can. */
export function propertiesFault(properties: object, holder: PropertyHolder): string | null {
  for (const [key, value] of Object.entries(properties)) {
    const property = propertyOf(key)
    if (property === undefined || !property.holders.includes(holder)) {
      return `there is no property ${key} in ${holder.toUpperCase()}`
    }
    if (!canCarry(property, value)) return `this is no value for ${property.name}, which is ${wordsOf(property)}`
  }
  return null
}

function wordsOf({ type, most, notZero }: Property): string {
  switch (type) {
    case 'boolean':
      return 'true or false'
    case 'string':
      return 'a text of at most 65,535 bytes'
    case 'binary':
      return 'a Uint8Array of at most 65,535 bytes'
    case 'pairs':
      return "a list of pairs of texts: [['name', 'value']]"
    case 'varints':
      return 'a list of whole numbers'
    default:
      return `a whole number from ${notZero === true ? 1 : 0} to ${(most ?? mostOfType[type]).toLocaleString('en-US')}`
  }
}

const mostOfType = { byte: 0xff, uint16: 0xffff, uint32: 0xffff_ffff, varint: 268_435_455 }

function canCarry(property: Property, value: unknown): boolean {
  const { type, most, notZero } = property
  switch (type) {
    case 'boolean':
      return typeof value === 'boolean'
    case 'string':
      return typeof value === 'string' && isEncodable(value)
    case 'binary':
      return value instanceof Uint8Array && value.length <= 0xffff
    case 'pairs':
      return Array.isArray(value) && value.every(isPair)
    case 'varints':
      return Array.isArray(value) && value.every((each) => canCarry({ ...property, type: 'varint' }, each))
    default: {
      if (!Number.isInteger(value)) return false
      // Just checked.
      const number = value as number
      return number >= (notZero === true ? 1 : 0) && number <= (most ?? mostOfType[type])
    }
  }
}

function isPair(value: unknown): boolean {
  return (
    Array.isArray(value) && value.length === 2 && value.every((text) => typeof text === 'string' && isEncodable(text))
  )
}
