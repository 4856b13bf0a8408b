/**
 * Holds every answer of the HTTP API against its OpenAPI document.
 */
import assert from 'node:assert/strict'
import { makeOpenApi } from '../../src/admin/openapi.ts'
import { schemaFaults } from './json-schema.ts'

export const openApi = makeOpenApi('0.0.0')

/** Operations that have been answered as they should, as `get /api/v1/clients`. */
export const seen = new Set<string>()

interface Documented {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema: object }>> }>>
}

/**
 * Returns the path as the document has it. `body` is undefined where it is not looked into.
 *
 * @throws AssertionError if the document does not have this answer.
 */
export function mustBeDocumented(method: string, path: string, status: number, type: string, body: unknown): string {
  const fitting = Object.entries(openApi.paths).filter(
    ([each, { [method.toLowerCase()]: operation }]) => fits(each, path) && operation !== undefined,
  )
  const [template, operations] = fitting.find(([each]) => each === path) ?? fitting[0] ?? []
  const operation = operations?.[method.toLowerCase()] as Documented | undefined
  const isKnown = template !== undefined && operation !== undefined
  if (!isKnown) assert.ok(status === 404 || status === 405, `${method} ${path} is not documented: ${status}`)
  const named = operation?.responses[String(status)]
  const { problem } = {
    problem: { content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } },
  }
  const response =
    named ?? (status >= 400 ? problem : assert.fail(`${method} ${template} has no ${status} in the document`))
  if (status < 400) seen.add(`${method.toLowerCase()} ${template}`)
  if (response.content === undefined) {
    assert.equal(body ?? null, null, `${method} ${path} ${status} has a body`)
    return template ?? path
  }
  const found = Object.entries(response.content).find(([each]) => type.split(';')[0] === each)
  assert.ok(found !== undefined, `${method} ${path} ${status} is ${type}`)
  if (body === undefined) return template ?? path
  const faults = schemaFaults(openApi, found[1].schema as Record<string, unknown>, body)
  assert.deepEqual(faults, [], `${method} ${path} ${status}`)
  return template ?? path
}

function fits(template: string, path: string): boolean {
  const pattern = template.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')
  return new RegExp(`^${pattern}$`).test(path)
}
