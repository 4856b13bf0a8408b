/**
 * The keys of the configuration file as a tree, read from the shape that zod walks: what the environment, the published schema
 * and `check-config` go by.
 */
import { z } from 'zod'
import { factsOf, type LeafFacts } from './leaf.ts'

export type KeyNode =
  | { readonly type: 'mapping'; readonly keys: ReadonlyMap<string, KeyNode>; readonly required: readonly string[] }
  | { readonly type: 'list'; readonly entry: KeyNode }
  /** `inMapping`: it may also be written as a mapping with this one key, as in `url: tcp://…`. */
  | { readonly type: 'value'; readonly facts: LeafFacts; readonly inMapping: string | null }

export function keyTree(schema: z.core.$ZodType): KeyNode {
  if (schema instanceof z.ZodOptional) return keyTree(schema.unwrap())
  const facts = factsOf(schema)
  if (facts !== undefined) return { type: 'value', facts, inMapping: null }
  if (schema instanceof z.ZodArray) return { type: 'list', entry: keyTree(schema.element) }
  if (schema instanceof z.ZodPipe) return shortened(keyTree(schema.out))
  if (!(schema instanceof z.ZodObject)) throw new Error('the shape of the configuration has a part of an unknown kind')
  const entries: [string, z.core.$ZodType][] = Object.entries(schema.shape)
  return {
    type: 'mapping',
    keys: new Map(entries.map(([key, child]) => [key, keyTree(child)])),
    required: entries.filter(([, child]) => !(child instanceof z.ZodOptional)).map(([key]) => key),
  }
}

/** A mapping with one key that may be written as its value alone. */
function shortened(node: KeyNode): KeyNode {
  const [only] = node.type === 'mapping' ? node.keys : []
  if (only?.[1].type !== 'value') throw new Error('only a mapping with one value can be written as that')
  return { ...only[1], inMapping: only[0] }
}

/** `name` of each key as the documentation has it, with lists as `[]`: `topics[].filter`. Mappings have none of their own. */
export function* eachKey(node: KeyNode, name = ''): Generator<[name: string, node: KeyNode]> {
  if (node.type === 'mapping') {
    for (const [key, child] of node.keys) yield* eachKey(child, name === '' ? key : `${name}.${key}`)
    return
  }
  yield [name, node]
  if (node.type === 'list' && node.entry.type === 'mapping') yield* eachKey(node.entry, `${name}[]`)
}
