/**
 * Configuration from the environment: `PABAL_`, then the keys from the top, each in capitals with `_` between its words, and
 * `__` between two keys: `PABAL_LIMITS__PACKET_BYTES_MAX` is `limits.packetBytesMax`.
 *
 * A value is taken as it is written, without quotation marks. A list is its entries separated by commas, or YAML in brackets; one
 * entry of a list is its number, from 0: `PABAL_TOPICS__0__WHEN_NOBODY`. An empty variable is none.
 */
import { resolve } from 'node:path'
import type { ConfigFault } from './config-fault.ts'
import { eachKey, type KeyNode } from './config-keys.ts'
import type { KeyPath } from './key-path.ts'
import type { LeafFacts } from './leaf.ts'
import { withWholePaths } from './listen-value.ts'
import { nearestName } from './nearest-name.ts'
import { type Origin, placeOfFault } from './origin.ts'
import { absoluteReference, type Environment, SecretText } from './secret.ts'
import { yaml } from './yaml-package.ts'

/** A value that takes the place of what the file says. */
export interface Override {
  readonly path: KeyPath
  readonly value: unknown
  readonly origin: Origin
}

export interface EnvironmentReading {
  readonly overrides: readonly Override[]
  readonly faults: readonly ConfigFault[]
}

const prefix = 'PABAL_'
/** Names the file; read by whoever looks for it. */
export const configVariable = 'PABAL_CONFIG'
/** Variables with our prefix that are no key of the configuration. */
const otherVariables: readonly string[] = [configVariable, 'PABAL_INVOKED_AS']
/** What Kubernetes puts into the environment beside a Service whose name begins with `pabal`. */
const serviceLink = /^PABAL_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/
/** The same, where the name alone could be somebody's mistake: the value tells. */
const servicePort = /^PABAL_(?:\w+_)?PORT=(?:tcp|udp|sctp):\/\//

/** `isReferred`: the file says `${NAME}`, so it is known, too. Relative paths start from `directory`. */
export function readEnvironment(
  tree: KeyNode,
  environment: Environment,
  directory: string,
  isReferred: (variable: string) => boolean,
): EnvironmentReading {
  const overrides: Override[] = []
  const faults: ConfigFault[] = []
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(prefix) || text === undefined || text === '') continue
    if (otherVariables.includes(variable) || isServiceLink(variable, text) || isReferred(variable)) continue
    const target = findKey(tree, variable)
    if (target === null) {
      faults.push(unknownVariable(tree, variable))
      continue
    }
    const read = readValue(target.node, text, directory)
    const origin: Origin = { type: 'environment', variable }
    if (read.type === 'value') overrides.push({ path: target.path, value: read.value, origin })
    else faults.push({ ...placeOfFault(origin, ''), found: read.found, expected: read.expected, advice: read.advice })
  }
  // A whole list comes before its entries, and entry 2 before entry 10.
  overrides.sort((left, right) => left.path.length - right.path.length || comparePaths(left.path, right.path))
  return { overrides, faults }
}

function isServiceLink(variable: string, text: string): boolean {
  return serviceLink.test(variable) || servicePort.test(`${variable}=${text}`)
}

function comparePaths(left: KeyPath, right: KeyPath): number {
  for (const [index, step] of left.entries()) {
    const other = right[index]
    if (step === other) continue
    return typeof step === 'number' && typeof other === 'number' ? step - other : String(step) < String(other) ? -1 : 1
  }
  return 0
}

/** `limits.packetBytesMax` as a variable: `PABAL_LIMITS__PACKET_BYTES_MAX`; a list's entries as entry 0. */
export function variableName(name: string): string {
  const steps = name.replaceAll('[]', '.0').split('.')
  return prefix + steps.map(variableStep).join('__')
}

function variableStep(key: string): string {
  return key.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toUpperCase()
}

function findKey(tree: KeyNode, variable: string): { path: KeyPath; node: KeyNode } | null {
  const path: (string | number)[] = []
  let node: KeyNode | undefined = tree
  for (const step of variable.slice(prefix.length).split('__')) {
    if (node.type === 'list' && /^(?:0|[1-9]\d{0,5})$/.test(step)) {
      path.push(Number(step))
      node = node.entry
    } else if (node.type === 'mapping') {
      const key: string | undefined = [...node.keys.keys()].find((each) => variableStep(each) === step)
      node = key === undefined ? undefined : node.keys.get(key)
      path.push(key ?? '')
    } else node = undefined
    if (node === undefined) return null
  }
  return node.type === 'mapping' ? null : { path, node }
}

function unknownVariable(tree: KeyNode, variable: string): ConfigFault {
  const names = [...eachKey(tree)].flatMap(([name, node]) => {
    const whole = variableName(name)
    return node.type === 'list' && node.entry.type === 'value' ? [whole, `${whole}__0`] : [whole]
  })
  const place = placeOfFault({ type: 'environment', variable }, '')
  const inside = names.find((name) => name.startsWith(`${variable}__`))
  if (inside !== undefined) {
    const expected = 'a variable for each of its keys'
    return { ...place, found: 'a variable for a mapping', expected, advice: `write for example ${inside}` }
  }
  const numbers = variable.match(/(?<=__)\d+(?=__|$)/g) ?? []
  const numbered = (name: string): string => {
    let index = 0
    return name.replace(/(?<=__)0(?=__|$)/g, () => numbers[index++] ?? '0')
  }
  const written = variable.replace(/(?<=__)\d+(?=__|$)/g, '0')
  const rest = written.slice(prefix.length)
  const nearest = names.find((name) => name.endsWith(`__${rest}`)) ?? nearestName(written, [...names, configVariable])
  return {
    ...place,
    found: 'a variable that is no key of the configuration',
    expected: 'PABAL_ and the keys in capitals, __ between two of them, as in PABAL_LIMITS__PACKET_BYTES_MAX',
    advice: nearest === null ? 'remove it' : `did you mean ${numbered(nearest)}?`,
  }
}

type ValueOrFault =
  | { type: 'value'; value: unknown }
  | { type: 'fault'; found: string; expected: string; advice: string }

function readValue(node: KeyNode, text: string, directory: string): ValueOrFault {
  if (node.type === 'value') return { type: 'value', value: leafValue(node.facts, text, directory) }
  if (node.type === 'mapping') throw new Error('a mapping has no variable of its own')
  const { entry } = node
  if (!text.trimStart().startsWith('[')) {
    if (entry.type === 'value') {
      const entries = text.split(',').map((each) => leafValue(entry.facts, each.trim(), directory))
      return { type: 'value', value: entries }
    }
    return {
      type: 'fault',
      found: 'a text without brackets',
      expected: 'a list as YAML: [{…}, {…}]',
      advice: 'put it in brackets, or give one key of one entry at a time: …__0__KEY',
    }
  }
  const document = yaml().parseDocument(text, { prettyErrors: false })
  const [problem] = [...document.errors, ...document.warnings]
  if (problem === undefined) return { type: 'value', value: withPathsFrom(directory, node, document.toJS()) }
  const found = `no YAML: ${problem.message.split('\n')[0]}`
  return {
    type: 'fault',
    found,
    expected: 'a list as YAML: [one, another]',
    advice: 'check brackets and quotation marks',
  }
}

/** A text as the file would have it. */
function leafValue(facts: LeafFacts, text: string, directory: string): unknown {
  const { json } = facts
  if (facts.isSecret === true) {
    return text.startsWith('file:') ? wholePath(facts, text, directory) : new SecretText(text)
  }
  if (facts.isPath === true || facts.isListenUrl === true) return wholePath(facts, text, directory)
  if (json.type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  if (json.type === 'integer' && /^(?:\d+|0x[\da-f]+)$/i.test(text)) return Number(text)
  return text
}

/** What stands in a list that is written as YAML: no file is around it whose directory its paths could start from. */
function withPathsFrom(directory: string, node: KeyNode, value: unknown): unknown {
  if (node.type === 'value' && typeof value === 'string') return wholePath(node.facts, value, directory)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    return node.type === 'list' ? value.map((entry) => withPathsFrom(directory, node.entry, entry)) : value
  }
  const entries = Object.entries(value).map(([key, child]) => {
    const inside = node.type === 'mapping' ? node.keys.get(key) : node.type === 'value' ? node : undefined
    return [key, inside === undefined ? child : withPathsFrom(directory, inside, child)]
  })
  return Object.fromEntries(entries)
}

function wholePath(facts: LeafFacts, text: string, directory: string): string {
  if (facts.isSecret === true && text.startsWith('file:')) return absoluteReference(text, directory)
  if (facts.isListenUrl === true) return withWholePaths(text, directory)
  return facts.isPath === true && text !== '' ? resolve(directory, text) : text
}
