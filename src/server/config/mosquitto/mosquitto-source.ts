/**
 * A mosquitto.conf in the place of a YAML file: its values in the shape of ours, each with the line it comes from.
 */
import { ConfigError } from '../config-fault.ts'
import type { KeyPath } from '../key-path.ts'
import type { ConfigSource, Place } from '../layers.ts'
import { type ImportRow, type MosquittoConfig, readMosquittoConf } from './mosquitto-config.ts'

export class MosquittoSource implements ConfigSource {
  readonly value: unknown
  readonly rows: readonly ImportRow[]
  readonly #places: MosquittoConfig['places']

  /** @throws ConfigError with every line that is none, and every directive that is refused. */
  constructor(file: string, directory: string) {
    const { values, rows, places, faults } = readMosquittoConf(file, directory)
    if (faults.length > 0) throw new ConfigError(faults)
    this.value = values
    this.rows = rows
    this.#places = places
  }

  /** The line that says it, or what is around it; the first line of the file where none does. */
  placeOfValue(path: KeyPath): Place {
    for (let length = path.length; length > 0; length--) {
      const place = this.#places.get(JSON.stringify(path.slice(0, length)))
      if (place !== undefined) return place
    }
    return { line: 1, column: 1 }
  }

  placeOfKey(path: KeyPath, key: string): Place {
    return this.placeOfValue([...path, key])
  }
}
