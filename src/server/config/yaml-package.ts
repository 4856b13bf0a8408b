/**
 * The package that reads and writes YAML, loaded when there is the first text: many brokers are started without one, and it takes as
 * long to load as all else of the configuration.
 */
import { createRequire } from 'node:module'

type Yaml = typeof import('yaml')

const require = createRequire(import.meta.url)

export function yaml(): Yaml {
  // What is required has no type of its own.
  return require('yaml') as Yaml
}
