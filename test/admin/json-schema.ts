/**
 * A validator of JSON Schema 2020-12, as far as the OpenAPI document uses it: independent of what made the document. A keyword that
 * it does not know is a fault, so that nothing goes unchecked.
 */
type Schema = Readonly<Record<string, unknown>>

const annotations = new Set(['description', 'default', 'title', 'id', 'readOnly', '$schema'])

/** Every place where `value` is not what `schema` says. `root` is the document that references start from. */
export function schemaFaults(root: Schema, schema: Schema, value: unknown, place = ''): string[] {
  const faults: string[] = []
  const fault = (what: string): void =>
    void faults.push(`${place || '/'}: ${what}, found ${JSON.stringify(value)?.slice(0, 100)}`)
  const inner = (each: unknown, part: unknown, at: string) => schemaFaults(root, each as Schema, part, `${place}/${at}`)
  for (const [keyword, wanted] of Object.entries(schema)) {
    if (annotations.has(keyword)) continue
    switch (keyword) {
      case '$ref':
        faults.push(...schemaFaults(root, resolve(root, String(wanted)), value, place))
        break
      case 'type':
        if (![wanted].flat().some((type) => isOfType(value, String(type)))) fault(`expected ${wanted}`)
        break
      case 'const':
        if (value !== wanted) fault(`expected ${JSON.stringify(wanted)}`)
        break
      case 'enum':
        if (!(wanted as unknown[]).includes(value)) fault(`expected one of ${wanted}`)
        break
      case 'anyOf':
      case 'oneOf': {
        const fitting = (wanted as Schema[]).filter((each) => schemaFaults(root, each, value).length === 0).length
        if (keyword === 'oneOf' ? fitting !== 1 : fitting === 0) fault(`fits ${fitting} of ${keyword}`)
        break
      }
      case 'minimum':
        if (typeof value === 'number' && value < Number(wanted)) fault(`expected at least ${wanted}`)
        break
      case 'maximum':
        if (typeof value === 'number' && value > Number(wanted)) fault(`expected at most ${wanted}`)
        break
      case 'pattern':
        if (typeof value === 'string' && !new RegExp(String(wanted), 'u').test(value)) fault(`expected ${wanted}`)
        break
      case 'items':
        if (Array.isArray(value)) value.forEach((each, index) => void faults.push(...inner(wanted, each, `${index}`)))
        break
      case 'prefixItems':
        // Without `items` beside it, which would be for those behind: a tuple has none.
        if (Array.isArray(value) && value.length !== (wanted as Schema[]).length) fault('another number of items')
        for (const [index, each] of (wanted as Schema[]).entries()) {
          if (Array.isArray(value)) faults.push(...inner(each, value[index], `${index}`))
        }
        break
      case 'required':
        for (const name of wanted as string[]) if (!has(value, name)) fault(`${name} is missing`)
        break
      case 'properties':
        for (const [name, each] of Object.entries(wanted as Schema)) {
          if (has(value, name)) faults.push(...inner(each, value[name], name))
        }
        break
      case 'propertyNames':
        for (const name of namesOf(value)) faults.push(...inner(wanted, name, name))
        break
      case 'additionalProperties': {
        const known = Object.keys((schema.properties ?? {}) as Schema)
        for (const name of namesOf(value).filter((each) => !known.includes(each))) {
          if (wanted === false) fault(`${name} is not in the schema`)
          else faults.push(...inner(wanted, (value as Schema)[name], name))
        }
        break
      }
      case 'minLength':
      case 'maxLength':
      case 'minItems':
      case 'maxItems': {
        const length = typeof value === 'string' || Array.isArray(value) ? value.length : null
        const isMin = keyword.startsWith('min')
        if (length !== null && (isMin ? length < Number(wanted) : length > Number(wanted)))
          fault(`${keyword} ${wanted}`)
        break
      }
      default:
        fault(`the keyword ${keyword} is unknown to the test`)
    }
  }
  return faults
}

function resolve(root: Schema, reference: string): Schema {
  let found: unknown = root
  for (const step of reference.replace(/^#\//, '').split('/')) found = (found as Schema)[step]
  if (typeof found !== 'object' || found === null) throw new Error(`${reference} leads nowhere`)
  return found as Schema
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'integer') return Number.isInteger(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  return typeof value === type
}

function has(value: unknown, name: string): value is Schema {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
}

function namesOf(value: unknown): string[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : []
}
