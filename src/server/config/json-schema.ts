/**
 * The JSON Schema of the configuration file, draft 2020-12, made from the shape that zod walks: what an editor needs to complete,
 * explain and check `pabal.yaml`. What no schema can say (a rule that nothing comes to, a password file that is not there) only
 * `pabal check-config` finds.
 */
import { type KeyNode, keyTree } from './config-keys.ts'
import { configSchema, standardLists } from './config-schema.ts'
import { keyDescriptions } from './key-descriptions.ts'
import type { JsonSchema, LeafFacts } from './leaf.ts'
import { limitDescriptions } from './limit-descriptions.ts'
import { limitNames, limitUnit } from './limit-value.ts'

export function configJsonSchema(): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Pabal configuration',
    ...schemaOf(keyTree(configSchema({ directory: '', environment: {} })), ''),
  }
}

/** As the file `pabal.schema.json` holds it. */
export function formatJsonSchema(): string {
  return `${JSON.stringify(configJsonSchema(), null, 2)}\n`
}

function schemaOf(node: KeyNode, name: string): JsonSchema {
  const description = describeKey(name)
  const described = description === null ? {} : { description }
  switch (node.type) {
    case 'mapping':
      return {
        ...described,
        type: 'object',
        additionalProperties: false,
        properties: Object.fromEntries(
          [...node.keys].map(([key, child]) => [key, schemaOf(child, name === '' ? key : `${name}.${key}`)]),
        ),
        ...(node.required.length === 0 ? {} : { required: node.required }),
      }
    case 'list': {
      const standard = standardLists[name]
      return {
        ...described,
        type: 'array',
        items: schemaOf(node.entry, `${name}[]`),
        ...(name === 'authentication.users' ? { minItems: 1 } : {}),
        ...(standard === undefined ? {} : { default: standard }),
      }
    }
    case 'value':
      return { ...described, ...written(node.facts.json, node.inMapping), ...defaultOf(node.facts) }
  }
}

function written(json: JsonSchema, inMapping: string | null): JsonSchema {
  if (inMapping === null) return json
  const mapping = {
    type: 'object',
    additionalProperties: false,
    properties: { [inMapping]: json },
    required: [inMapping],
  }
  return { anyOf: [json, mapping] }
}

/** In the form the documentation has, which an editor then suggests: `1MiB` rather than 1048576. */
function defaultOf({ standard, show }: LeafFacts): JsonSchema {
  if (standard === undefined) return {}
  const text = typeof standard === 'number' && show !== undefined ? show(standard) : null
  return { default: text === null || /^\d+$|^0x/.test(text) ? standard : text }
}

/** Null for what has no key of its own: the whole, and the entries of lists. */
export function describeKey(name: string): string | null {
  const limit = limitNames.find((each) => name === `limits.${each}`)
  if (limit === undefined) return keyDescriptions[name] ?? null
  const unit = { bytes: '. In bytes, or with a unit such as KiB', seconds: '. In seconds, or with a unit such as min' }
  const counted = limitUnit(limit)
  return limitDescriptions[limit] + (counted === 'count' ? '' : unit[counted])
}
