/**
 * The OpenAPI document as a page to read: HTML without a script, and nothing from elsewhere.
 */
import type { Json, OpenApi } from './openapi.ts'

export const docsStyle = `:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 25%, transparent); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
code, pre { font-family: ui-monospace, monospace; font-size: 0.9em; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
details { border: 1px solid var(--line); border-radius: 6px; margin: 0.5rem 0; padding: 0.5rem 0.75rem; }
summary { cursor: pointer; }
summary code { font-weight: 600; overflow-wrap: anywhere; }
.method { display: inline-block; min-width: 4.5em; text-transform: uppercase; }
table { border-collapse: collapse; width: 100%; display: block; overflow-x: auto; }
th, td { border: 1px solid var(--line); padding: 0.25rem 0.5rem; text-align: left; vertical-align: top; }
pre { overflow-x: auto; }
`

/** `{}` in it is text: every value is escaped. */
export function docsPage(document: OpenApi): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const tags = [...new Set(operations.map(({ operation }) => String(list(operation.tags)[0])))]
  const sections = tags.map((tag) => {
    const own = operations.filter(({ operation }) => list(operation.tags)[0] === tag)
    return `<h2 id="${escapeHtml(tag)}">${escapeHtml(tag)}</h2>\n${own.map(operationHtml).join('\n')}`
  })
  const contents = tags.map((tag) => `<a href="#${escapeHtml(tag)}">${escapeHtml(tag)}</a>`).join(' · ')
  const { title, version, description } = object(document.info)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} HTTP API</title>
<link rel="stylesheet" href="/api/docs/style.css">
</head>
<body>
<main>
<h1>${escapeHtml(title)} ${escapeHtml(version)}: HTTP API</h1>
<p>${escapeHtml(description)}</p>
<p>For programs: <a href="/api/v1/openapi.json">OpenAPI 3.1</a>. ${contents} · <a href="#types">Types</a></p>
${sections.join('\n')}
<h2 id="types">Types</h2>
${Object.entries(object(object(document.components).schemas))
  .map(typeHtml)
  .join('\n')}
</main>
</body>
</html>
`
}

function operationHtml({ path, method, operation }: { path: string; method: string; operation: Json }): string {
  const rows = list(operation.parameters).map((each) => {
    const { name, in: where, required, description = '', schema } = object(each)
    const need = required === true ? 'needed' : ''
    return `<tr><td><code>${escapeHtml(name)}</code></td><td>${escapeHtml(where)} ${need}</td><td>${schemaHtml(schema)}</td><td>${escapeHtml(description)}</td></tr>`
  })
  const table =
    rows.length === 0
      ? ''
      : `<table><tr><th>Parameter</th><th>In</th><th>Type</th><th></th></tr>${rows.join('')}</table>`
  const { requestBody, responses } = operation
  const body = requestBody === undefined ? '' : `<p>Body: ${contentHtml(object(requestBody).content)}</p>`
  const answers = Object.entries(object(responses)).map(
    ([status, answer]) =>
      `<li><code>${escapeHtml(status)}</code> ${escapeHtml(object(answer).description)}: ${contentHtml(object(answer).content)}</li>`,
  )
  return `<details>
<summary><code><span class="method">${escapeHtml(method)}</span> ${escapeHtml(path)}</code> ${escapeHtml(operation.summary)}</summary>
<p>${escapeHtml(operation.description)}</p>
${table}${body}<ul>${answers.join('')}</ul>
</details>`
}

function typeHtml([name, schema]: [string, unknown]): string {
  const { description = '', properties } = object(schema)
  const { required } = object(schema)
  const rows = Object.entries(object(properties)).map(([field, each]) => {
    const need = list(required).includes(field) ? '' : 'may be left out'
    return `<tr><td><code>${escapeHtml(field)}</code></td><td>${schemaHtml(each)}</td><td>${escapeHtml(object(each).description ?? '')} ${need}</td></tr>`
  })
  const fields = rows.length === 0 ? `<p>${schemaHtml(schema)}</p>` : `<table>${rows.join('')}</table>`
  return `<details id="type-${escapeHtml(name)}"><summary><code>${escapeHtml(name)}</code> ${escapeHtml(description)}</summary>${fields}</details>`
}

function contentHtml(content: unknown): string {
  const parts = Object.entries(object(content)).map(
    ([type, each]) => `${schemaHtml(object(each).schema)} (${escapeHtml(type)})`,
  )
  return parts.length === 0 ? 'nothing' : parts.join(', ')
}

/** One line: the name of a type, or what it is made of. */
function schemaHtml(value: unknown): string {
  const { $ref, type, anyOf, oneOf, items, enum: words, const: constant } = object(value)
  if (typeof $ref === 'string') {
    const name = $ref.slice($ref.lastIndexOf('/') + 1)
    return `<a href="#type-${escapeHtml(name)}">${escapeHtml(name)}</a>`
  }
  if (constant !== undefined) return `<code>${escapeHtml(JSON.stringify(constant))}</code>`
  if (words !== undefined)
    return list(words)
      .map((word) => `<code>${escapeHtml(word)}</code>`)
      .join(' ')
  const choices = [...list(anyOf), ...list(oneOf)]
  if (choices.length > 0) return choices.map(schemaHtml).join(' or ')
  if (items !== undefined) return `list of ${schemaHtml(items)}`
  return escapeHtml(Array.isArray(type) ? type.join(' or ') : (type ?? 'anything'))
}

function object(value: unknown): Json {
  // Anything that is an object can be looked into by name.
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function escapeHtml(value: unknown): string {
  const codes: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return String(value).replace(/[&<>"']/g, (character) => codes[character] ?? '')
}
