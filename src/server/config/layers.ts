/**
 * The configuration as it was written, from file, environment and flags laid over each other, and where each value comes from.
 */
import type { ConfigFault } from './config-fault.ts'
import type { Override } from './environment.ts'
import type { KeyPath } from './key-path.ts'
import { type Origin, placeOfFault } from './origin.ts'

export interface Place {
  /** Where it is not the file itself but one that it includes. */
  file?: string
  line: number
  column: number
}

/** A file that was read: plain values that know where they stand. */
export interface ConfigSource {
  /** Null if it says nothing. */
  readonly value: unknown
  /** Where the value at `path` begins; the nearest value around it if there is none. */
  placeOfValue(path: KeyPath): Place
  /** Where the key `key` of the mapping at `path` stands. */
  placeOfKey(path: KeyPath, key: string): Place
}

export class Layers {
  /** As plain values, of any shape. */
  readonly written: unknown
  readonly #source: ConfigSource | null
  readonly #file: string
  readonly #origins = new Map<string, Origin>()
  readonly faults: ConfigFault[] = []

  /** `source` null: there is no file. */
  constructor(source: ConfigSource | null, file: string, overrides: readonly Override[]) {
    this.#source = source
    this.#file = file
    this.written = copyOf(source?.value ?? {})
    for (const override of overrides) this.#lay(override)
  }

  /** Where the value at `path` comes from, or what is around it; `isKey`: where its key stands. */
  originOf(path: KeyPath, isKey = false): Origin {
    for (let length = path.length; length > 0; length--) {
      const origin = this.#origins.get(JSON.stringify(path.slice(0, length)))
      if (origin !== undefined) return origin
    }
    if (this.#source === null) return { type: 'default' }
    const last = path.at(-1)
    const place =
      isKey && last !== undefined
        ? this.#source.placeOfKey(path.slice(0, -1), String(last))
        : this.#source.placeOfValue(path)
    return { type: 'file', file: this.#file, ...place }
  }

  #lay({ path, value, origin }: Override): void {
    let current: unknown = this.written
    for (const [index, step] of path.entries()) {
      // Of the wrong shape: what is said about the file says it.
      if (typeof current !== 'object' || current === null || Array.isArray(current) !== (typeof step === 'number'))
        return
      if (Array.isArray(current) && Number(step) > current.length) {
        this.faults.push(gapFault(origin, Number(step), current.length))
        return
      }
      if (index === path.length - 1) Reflect.set(current, step, value)
      else {
        const next: unknown = Reflect.get(current, step)
        if (next === undefined || next === null) {
          Reflect.set(current, step, typeof path[index + 1] === 'number' ? [] : {})
          this.#origins.set(JSON.stringify(path.slice(0, index + 1)), origin)
        }
        current = Reflect.get(current, step)
      }
    }
    this.#forgetBelow(path)
    this.#origins.set(JSON.stringify(path), origin)
  }

  #forgetBelow(path: KeyPath): void {
    const start = `${JSON.stringify(path).slice(0, -1)},`
    for (const key of this.#origins.keys()) if (key.startsWith(start)) this.#origins.delete(key)
  }
}

function gapFault(origin: Origin, index: number, length: number): ConfigFault {
  return {
    ...placeOfFault(origin, ''),
    found: `entry ${index} of a list that has ${length === 1 ? '1 entry' : `${length} entries`}`,
    expected: `a number from 0 to ${length}: the entries are counted from 0, and ${length} adds one`,
    advice: `write ${length}, or give the entries before it`,
  }
}

/** Each part once, also where the file uses one twice by an alias: what is laid over one place must not show at another. */
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, copyOf(child)]))
}
