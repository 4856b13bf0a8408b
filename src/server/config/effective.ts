/**
 * What is in force: the value of every key, and where it comes from. Secrets are not in it.
 */
import { resolve } from 'node:path'
import { scramMethods } from '../authentication/scram-credential.ts'
import type { ReadConfig } from './config.ts'
import { type KeyNode, keyTree } from './config-keys.ts'
import { configSchema, methodNames, standardLists } from './config-schema.ts'
import { formatPath, type KeyPath, keyName, valueAt } from './key-path.ts'
import type { LeafFacts } from './leaf.ts'
import type { Origin } from './origin.ts'
import { isReference } from './secret.ts'

export interface EffectiveValue {
  /** `limits.packetBytesMax`, `topics[0].filter`. */
  readonly key: string
  /** As JSON has it; null where nothing holds. `(secret)` stands for what is not shown. */
  readonly value: unknown
  /** As an operator writes it. */
  readonly text: string
  readonly origin: Origin
  /** Of a default: the key whose value it is. */
  readonly sameAs: string | null
}

const masked = '(secret)'

/** In the order of the documentation. */
export function effectiveValues(read: ReadConfig): EffectiveValue[] {
  const tree = keyTree(configSchema({ directory: '', environment: {} }))
  return [...eachValue(tree, [], read, tree)]
}

function* eachValue(node: KeyNode, path: KeyPath, read: ReadConfig, tree: KeyNode): Generator<EffectiveValue> {
  if (node.type === 'mapping') {
    for (const [key, child] of node.keys) yield* eachValue(child, [...path, key], read, tree)
    return
  }
  const written = valueAt(read.layers.written, path)
  const isGiven = written !== undefined && written !== null && hasPath(read.layers.written, path)
  if (node.type === 'list') {
    const entries = isGiven && Array.isArray(written) ? written : []
    if (entries.length === 0) yield wholeList(path, isGiven, read)
    for (const index of entries.keys()) yield* eachValue(node.entry, [...path, index], read, tree)
    return
  }
  const key = formatPath(path)
  const { facts } = node
  if (!isGiven) {
    // What a user does not log in with is no value.
    if (facts.isSecret !== true && keyName(path) !== 'authentication.users[].passwordFile') {
      yield standardValue(path, facts, read, tree)
    }
    return
  }
  const origin = read.layers.originOf(path)
  const value = givenValue(facts, node.inMapping, written, valueAt(read.values, path))
  yield { key, value, text: shown(facts, value), origin, sameAs: null }
}

function givenValue(facts: LeafFacts, inMapping: string | null, written: unknown, value: unknown): unknown {
  if (facts.isSecret === true) return isReference(written) ? written : masked
  if (inMapping !== null && typeof value === 'object' && value !== null) return Reflect.get(value, inMapping)
  // A password file was read: its path is shown.
  return typeof value === 'object' ? written : value
}

function wholeList(path: KeyPath, isGiven: boolean, read: ReadConfig): EffectiveValue {
  const value = isGiven ? [] : standardList(keyName(path), read)
  const origin: Origin = isGiven ? read.layers.originOf(path) : { type: 'default' }
  const text = value === null ? 'none' : `[${value.join(', ')}]`
  return { key: formatPath(path), value, text, origin, sameAs: null }
}

function standardList(name: string, { config }: ReadConfig): readonly string[] | null {
  if (name !== 'authentication.methods') return standardLists[name] ?? null
  const { users } = config.authentication ?? { users: [] }
  if (users.some(({ password }) => password !== null)) return methodNames
  const hashes = new Set(users.map(({ scram }) => scram?.hash))
  return scramMethods.filter(({ hash }) => hashes.has(hash)).map(({ name }) => name)
}

function standardValue(at: KeyPath, facts: LeafFacts, read: ReadConfig, tree: KeyNode): EffectiveValue {
  const { standardKey, standardSibling } = facts
  const key = formatPath(at)
  const origin: Origin = { type: 'default' }
  if (standardSibling !== undefined) {
    const beside = [...at.slice(0, -1), standardSibling]
    const value = valueAt(read.values, beside)
    return { key, value, text: shown(facts, value), origin, sameAs: formatPath(beside) }
  }
  if (standardKey === undefined) {
    // A path that nobody has given starts where the broker does.
    const { isPath, standard } = facts
    const value = isPath === true && standard !== undefined ? resolve(String(standard)) : (standard ?? null)
    return { key, value, text: value === null ? 'none' : shown(facts, value), origin, sameAs: null }
  }
  const path = standardKey.split('.')
  const given = valueAt(read.values, path)
  const value = hasPath(read.values, path) && given !== undefined ? given : factsAt(tree, path)?.standard
  return { key, value, text: shown(facts, value), origin, sameAs: standardKey }
}

function factsAt(tree: KeyNode, path: readonly string[]): LeafFacts | null {
  let node: KeyNode | undefined = tree
  for (const key of path) node = node?.type === 'mapping' ? node.keys.get(key) : undefined
  return node?.type === 'value' ? node.facts : null
}

function hasPath(value: unknown, path: KeyPath): boolean {
  const parent = valueAt(value, path.slice(0, -1))
  const last = path.at(-1)
  return typeof parent === 'object' && parent !== null && last !== undefined && Object.hasOwn(parent, last)
}

function shown({ show }: LeafFacts, value: unknown): string {
  return show === undefined ? String(value) : show(value)
}
