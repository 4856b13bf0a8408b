/**
 * The OpenAPI 3.1 document of the HTTP API, made from the rooms: what is in it is what is checked.
 */
import { z } from 'zod'
import { apiPath, type Room } from './room.ts'
import { rooms } from './rooms/rooms.ts'
import { problemSchema } from './schemas/answers.ts'

/** A JSON Schema, or another part of the document. */
export type Json = { readonly [key: string]: unknown }

export interface OpenApi extends Json {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>
}

/** Schemas that have a name stand in `components`, once. */
class Schemas {
  readonly named: Record<string, unknown> = {}

  add(schema: z.ZodType, io: 'input' | 'output'): Json {
    const made = z.toJSONSchema(schema, {
      io,
      unrepresentable: 'any',
      override: ({ jsonSchema }) => inQuery(jsonSchema),
    })
    const { $schema: _, $defs = {}, ...rest } = made
    for (const [name, definition] of Object.entries($defs)) this.named[name] = withReferences(definition)
    return withReferences(rest)
  }
}

/** What is text in a query because everything is, shown as what it stands for. */
function inQuery(jsonSchema: z.core.JSONSchema.BaseSchema): void {
  const { inQuery: shown } = jsonSchema
  if (typeof shown !== 'object' || shown === null) return
  delete jsonSchema.inQuery
  delete jsonSchema.pattern
  Object.assign(jsonSchema, shown)
}

function withReferences(value: object): Json {
  const text = JSON.stringify(value).replaceAll('"#/$defs/', '"#/components/schemas/')
  return JSON.parse(text)
}

export function pathOf({ path, isOutside }: Room): string {
  return isOutside === true ? path : apiPath + path
}

export function makeOpenApi(version: string): OpenApi {
  const schemas = new Schemas()
  const problemContent = { 'application/problem+json': { schema: schemas.add(problemSchema, 'output') } }
  const paths: Record<string, Record<string, Json>> = {}
  for (const room of rooms) {
    const path = pathOf(room)
    paths[path] = { ...paths[path], [room.method]: operation(room, schemas, problemContent) }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Pabal',
      version,
      description:
        'Who is listening, what nobody received, and what became of every message. Lists come in pages: follow meta.cursor. Every error is a problem (RFC 9457) that says what was found, what is expected and what to do.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: schemas.named,
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key: pabal.ID.SECRET' },
        basic: { type: 'http', scheme: 'basic', description: 'The same key as the password, with any user name' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'pabal-session',
          description: 'The cookie of POST /api/v1/login; changes need X-CSRF-Token as well',
        },
      },
    },
  }
}

function operation(room: Room, schemas: Schemas, problemContent: Json): Json {
  const { method, path, tag, summary, description, scope, alsoFor, body, answers } = room
  const either = alsoFor === undefined ? '' : ` or ${alsoFor}`
  const responses = Object.entries(answers).map(([status, { description: words, schema, contentType }]) => {
    const type = contentType ?? 'application/json'
    const shown = schema === null ? { type: 'string' } : schemas.add(schema, 'output')
    const hasContent = schema !== null || contentType !== undefined
    return [status, { description: words, ...(hasContent ? { content: { [type]: { schema: shown } } } : {}) }]
  })
  const needs =
    scope === null
      ? 'Open to everybody.'
      : scope === 'any'
        ? 'Needs a login or a key.'
        : `Needs the scope ${scope}${either}.`
  return {
    operationId: operationId(method, path),
    tags: [tag],
    summary,
    description: description === undefined ? needs : `${description} ${needs}`,
    security: scope === null ? [] : [{ key: [] }, { basic: [] }, { session: [] }],
    parameters: [
      ...parameters('path', room.params, schemas),
      ...parameters('query', room.query, schemas),
      ...parameters('header', room.headers, schemas),
    ],
    ...(body === null
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: schemas.add(body, 'input') } } } }),
    responses: {
      ...Object.fromEntries(responses),
      default: { description: 'What went wrong, and what to do', content: problemContent },
    },
  }
}

function parameters(where: 'path' | 'query' | 'header', shape: z.ZodObject, schemas: Schemas): Json[] {
  const { properties = {}, required = [] } = z.toJSONSchema(shape, { io: 'input', unrepresentable: 'any' })
  return Object.keys(properties).map((name) => {
    // The shape has what its JSON Schema has.
    const { description, ...schema } = schemas.add(shape.shape[name] as z.ZodType, 'input')
    const words = typeof description === 'string' ? { description } : {}
    return { name, in: where, required: where === 'path' || required.includes(name), ...words, schema }
  })
}

/** `getTopicsByTopicListeners`: a name for generated clients. */
function operationId(method: string, path: string): string {
  const words = path.split('/').flatMap((part) => {
    const name = part.replace(/^\{(\w+)\}$/, (_, inner: string) => `By${capital(inner)}`)
    return name.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
  })
  return method + words.map(capital).join('')
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1)
}
