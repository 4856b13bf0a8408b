/**
 * What zod found wrong with the shape of the configuration, in the words of a fault and with its place.
 */
import type { z } from 'zod'
import type { ConfigFault } from './config-fault.ts'
import { knownKeys } from './config-schema.ts'
import { formatPath, type KeyPath, valueAt } from './key-path.ts'
import type { Layers } from './layers.ts'
import { nearestName } from './nearest-name.ts'
import { placeOfFault } from './origin.ts'
import { describeValue } from './reading.ts'
import type { PathFault } from './user-faults.ts'

/** A fault as it leaves zod: with its path, and whether that names a key rather than a value. */
export interface SchemaFault extends PathFault {
  isKey?: boolean
}

export function issueFaults(schema: z.core.$ZodType, issue: z.core.$ZodIssue): SchemaFault[] {
  const path = issue.path.filter((step) => typeof step !== 'symbol')
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, path)
    return issue.keys.map((key) => unknownKeyFault([...path, key], key, known, homeOf(schema, key)))
  }
  if (issue.code === 'custom') {
    const words: Record<string, unknown> = issue.params ?? {}
    return [{ path, found: String(words.found), expected: String(words.expected), advice: String(words.advice) }]
  }
  const isList = issue.code === 'invalid_type' && issue.expected === 'array'
  return [
    {
      path,
      found: '',
      expected: isList ? 'a list' : 'a mapping of keys to values',
      advice: isList ? 'begin each entry with "- " on a line of its own' : 'write key: value, one on each line',
    },
  ]
}

function unknownKeyFault(path: KeyPath, key: string, known: readonly string[], home: string | null): SchemaFault {
  return {
    path,
    isKey: true,
    found: `the unknown key ${describeValue(key)}`,
    expected: `one of ${known.join(', ')}`,
    advice: home === null ? didYouMean(key, known) : `write it below ${home}: as ${home}.${key}`,
  }
}

function didYouMean(key: string, known: readonly string[]): string {
  const nearest = nearestName(key, known)
  return nearest === null ? 'remove it' : `did you mean ${nearest}?`
}

/** The mapping that has this key where it was written has not; null if there is none. */
function homeOf(schema: z.core.$ZodType, key: string): string | null {
  return knownKeys(schema, []).find((each) => knownKeys(schema, [each]).includes(key)) ?? null
}

/** With the place: line and column of the file, or the variable or flag. */
export function locate(layers: Layers, fault: SchemaFault): ConfigFault {
  const isKey = fault.isKey === true
  const found = fault.found === '' ? describeValue(valueAt(layers.written, fault.path)) : fault.found
  const key = formatPath(isKey ? fault.path : existingPath(layers.written, fault.path))
  const place = placeOfFault(layers.originOf(fault.path, isKey), key)
  return { ...place, found, expected: fault.expected, advice: fault.advice }
}

/** The path without steps into what is no mapping or list: a listener written as a text has no `url`. */
function existingPath(value: unknown, path: KeyPath): KeyPath {
  let current = value
  let length = 0
  while (length < path.length && typeof current === 'object' && current !== null) {
    current = Reflect.get(current, path[length] ?? '')
    length++
  }
  return path.slice(0, length)
}

export function byPlace(left: ConfigFault, right: ConfigFault): number {
  return (left.line ?? 0) - (right.line ?? 0) || (left.column ?? 0) - (right.column ?? 0)
}
